/** @import { Problem } from '@orderflow/contracts' */

/** The API refused a request; the message is for people. `mayBeDone`: it may have done what was asked. */
export class RefusedError extends Error {
  /**
   * @param {number} status
   * @param {Partial<Problem>} problem
   */
  constructor(status, { detail = 'The API refused this.', errors = [] }) {
    super([detail, ...errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))].join(' '));
    this.mayBeDone = status >= 500;
  }
}

/**
 * The body of the API's answer. Any other error than a refusal means that the API cannot be reached.
 * @template T
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
export async function ask(path, init) {
  const response = await fetch(path, init);
  const body = /** @type {unknown} */ (await response.json());
  if (!response.ok) throw new RefusedError(response.status, /** @type {Problem} */ (body));
  return /** @type {T} */ (body);
}

/** What to show people about a failed request. @type {(error: unknown, unreachable: string) => string} */
export const problemIn = (error, unreachable) => (error instanceof RefusedError ? error.message : unreachable);
