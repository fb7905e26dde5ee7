/** The fast path beyond the SDK's documented options. */
import { keepSigner } from './kept-signer.js';
import { removeUnusedMiddleware } from './unused-middleware.js';

export { createDocumentClient } from './document-client.js';
export { bytesOf, wireBytes, wireJson10, wireJson11, wireTime } from './wire-json.js';

type Client = {
  config: Parameters<typeof keepSigner>[0];
  middlewareStack: { remove(name: string): boolean };
};

/** Removes work that a client repeats for each call. */
export function speedUp({ config, middlewareStack }: Client): void {
  removeUnusedMiddleware(middlewareStack);
  keepSigner(config);
}
