import { armFailpoints } from '@orderflow/platform/runtime/failpoints';

/**
 * The process dies in each attempt at an order with one of the products: after the fulfilment, before the outcome is
 * written. Other orders survive.
 * @param {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment} fulfilment
 * @param {string | undefined} products ids, separated by commas
 * @returns {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment}
 */
export function dieAfterWorkOn(fulfilment, products) {
  if (!products) return fulfilment;
  const fatal = products.split(',');
  return {
    ...fulfilment,
    fulfil: async (request) => {
      const result = await fulfilment.fulfil(request);
      // The next hit is this order's, or that of an order whose work ends at the same moment.
      if (request.items.some(({ productId }) => fatal.includes(productId))) armFailpoints('worker.after-work');
      return result;
    },
  };
}
