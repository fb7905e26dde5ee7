import type { ServerOptions } from 'node:http';

/** Ms in which a client has to send a whole request. Without a limit, one that never ends it would keep its connection forever. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** What every listener tells Node. */
export const SERVER_OPTIONS = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  // 60 s by default, and Node swaps the two when this one is longer: a body would then have a minute.
  headersTimeout: REQUEST_TIMEOUT_MS,
  // Timeouts are noticed this often.
  connectionsCheckingInterval: 1_000,
  // The request guard refuses it, with a body that says why.
  requireHostHeader: false,
} as const satisfies ServerOptions;
