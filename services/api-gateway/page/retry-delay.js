const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8_000;

/**
 * Ms to wait after so many failures in a row, from 0. Half of it is random, so that pages do not return all at once.
 * @param {number} failures
 */
export function retryDelay(failures, random = Math.random()) {
  const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return delay / 2 + (random * delay) / 2;
}
