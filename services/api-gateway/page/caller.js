/** @import { CallerInfo } from '@orderflow/contracts' */
import { ask, problemIn, RefusedError } from './api.js';
import { retryDelay } from './retry-delay.js';

/** Operators see everything; without tokens everyone is one. @param {CallerInfo} caller */
export const isOperator = ({ scopes }) => scopes.includes('ops');

/** @param {CallerInfo} caller */
export const mayOrder = ({ scopes }) => scopes.includes('orders:write');

/** @param {CallerInfo} caller */
export const mayRead = (caller) => isOperator(caller) || caller.scopes.includes('orders:read');

/** How the page names the caller; undefined if no sign-in is needed. @param {CallerInfo} caller */
export function nameOf({ subject, customerId, scopes }) {
  if (subject === undefined) return undefined;
  return scopes.includes('ops') ? `${subject}, operator` : (customerId ?? subject);
}

/**
 * Who uses the page; undefined if it must sign in first. Tries until the API answers.
 * @param {(sentence: string) => void} onProblem
 * @returns {Promise<CallerInfo | undefined>}
 */
export async function readCaller(onProblem) {
  for (let failures = 0; ; failures++) {
    try {
      const caller = /** @type {CallerInfo} */ (await ask('api/caller'));
      onProblem('');
      return caller;
    } catch (error) {
      if (error instanceof RefusedError && error.isFinal) return undefined;
      onProblem(problemIn(error, 'The API cannot be reached. The page keeps trying to connect.'));
      await new Promise((resolve) => setTimeout(resolve, retryDelay(failures)));
    }
  }
}
