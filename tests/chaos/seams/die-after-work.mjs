import { armFailpoints } from '@orderflow/platform/runtime/failpoints';

/**
 * The process dies when an order with the product has been fulfilled, before its outcome is written, in each attempt;
 * other orders live.
 * @param {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment} fulfilment
 * @param {string | undefined} products ids, with commas between
 * @returns {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment}
 */
export function dieAfterWorkOn(fulfilment, products) {
  if (!products) return fulfilment;
  const fatal = products.split(',');
  return {
    ...fulfilment,
    fulfil: async (request) => {
      const result = await fulfilment.fulfil(request);
      // The next hit is this order's, or that of another one whose work ends at the same moment.
      if (request.items.some(({ productId }) => fatal.includes(productId))) armFailpoints('worker.after-work');
      return result;
    },
  };
}
