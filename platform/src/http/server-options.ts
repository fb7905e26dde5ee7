import type { ServerOptions } from 'node:http';

/** Ms in which a client must send a whole request. Otherwise, an incomplete request would keep its connection forever. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** For every HTTP server of the system. */
export const SERVER_OPTIONS = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  // The default is 60 s. If it is longer than requestTimeout, Node swaps the two, and a body would have 60 s.
  headersTimeout: REQUEST_TIMEOUT_MS,
  // How often Node checks for timeouts.
  connectionsCheckingInterval: 1_000,
  // The request guard refuses a request without Host, with a body that says why.
  requireHostHeader: false,
} as const satisfies ServerOptions;
