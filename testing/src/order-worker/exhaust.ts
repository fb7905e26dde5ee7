import type { OrderSystem } from './start-worker.js';

/** Whether the warehouse answers. */
export const works = (system: OrderSystem, isWell: boolean) => {
  system.plan.fulfil = isWell
    ? async () => ({ fulfilled: true })
    : () => Promise.reject(new Error('the warehouse did not answer'));
};

/** Takes an order to FAILED, for want of attempts. @returns the id of its message */
export async function exhaust(system: OrderSystem, message: unknown, attributes = {}): Promise<string> {
  works(system, false);
  const messageId = system.send(message, attributes);
  while ((await system.outcomes.next()) !== 'dead-lettered') system.pass(60);
  works(system, true);
  return messageId;
}
