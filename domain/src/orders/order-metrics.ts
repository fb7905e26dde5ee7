/**
 * How long orders took. Workers end orders, and the API's sweeper ends those that no worker claimed: one description, so
 * that both add up.
 */
export const ORDER_ACCEPT_TO_TERMINAL = {
  name: 'order_accept_to_terminal_seconds',
  help: 'Time from the acceptance of an order until it was COMPLETED or FAILED.',
  labelNames: ['status'] as const,
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
};
