import { findHere, type Surroundings } from '../find-target.js';
import { OperatorError } from '../operator-error.js';

const HOW_TO_SAY = 'name its API with --api URL.';

/** Without a slash at the end, or the path of orders. */
function baseOf(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/api\/orders$/, '');
}

/**
 * The API's address: as named, otherwise that of the running system.
 * @throws OperatorError when nothing answers where it is named, and when none or several run here
 */
export async function findApi(
  { api }: { api?: string },
  surroundings: Surroundings,
): Promise<{ url: string; foundBy?: string }> {
  const { env, answers } = surroundings;
  const named = api ?? (env.API_URL?.trim() ? env.API_URL.trim() : undefined);
  if (named === undefined) return findHere('api', surroundings, HOW_TO_SAY);
  if (!URL.canParse(named) || !/^https?:/.test(named)) {
    throw new OperatorError('The API must be an http(s) URL such as http://127.0.0.1:3000.');
  }
  const url = baseOf(named);
  if (await answers(`${url}/health/live`)) return { url };
  throw new OperatorError(`No API answers at ${url}: start the system, or ${HOW_TO_SAY}`);
}
