/** The warehouse could not do it now; trying again may help. */
class WarehouseError extends Error {
  /** @override */
  name = 'WarehouseError';
}

/**
 * Fulfilment by a warehouse that is a server. Its trouble must not look like an outage of AWS, so errors of the
 * connection are told in other words.
 * @param {string} url
 * @returns {import('../../../services/order-worker/dist/domain/fulfilment.js').Fulfilment}
 */
export function createHttpFulfilment(url) {
  return {
    fulfil: async ({ signal, ...request }) => {
      const response = await fetch(`${url}/fulfil`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal,
      }).catch((/** @type {unknown} */ error) => {
        throw new WarehouseError(`the warehouse cannot be reached: ${String(error)}`);
      });
      if (!response.ok) throw new WarehouseError(`the warehouse answered ${response.status}`);
      return /** @type {any} */ (await response.json());
    },
  };
}
