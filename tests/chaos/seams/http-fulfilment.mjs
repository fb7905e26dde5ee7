/** The warehouse cannot do it now; a retry may succeed. */
class WarehouseError extends Error {
  /** @override */
  name = 'WarehouseError';
}

/**
 * Fulfilment by a warehouse over HTTP.
 * @param {string} url
 * @returns {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment}
 */
export function createHttpFulfilment(url) {
  /** @type {(path: string, request: object, signal: AbortSignal) => Promise<any>} */
  async function post(path, request, signal) {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal,
    }).catch((/** @type {unknown} */ error) => {
      throw new WarehouseError(`the warehouse cannot be reached: ${String(error)}`);
    });
    if (!response.ok) throw new WarehouseError(`the warehouse answered ${response.status}`);
    return response.json();
  }

  return {
    fulfil: ({ signal, ...request }) => post('/fulfil', request, signal),
    cancel: async ({ signal, ...request }) => (await post('/cancel', request, signal)).result,
  };
}
