import type { Surroundings } from '../connect.js';
import { localUrl } from '../local-run.js';
import { OperatorError } from '../operator-error.js';

const HOW_TO_SAY = 'start the system with npm run local or docker compose up --wait, or name its API with --api URL.';
const DEFAULT_PORT = '3000';

/** Without a slash at the end, or the path of orders. */
function baseOf(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/api\/orders$/, '');
}

/**
 * Where the API listens: as named, else where `npm run local` has it, else at the port of Compose.
 * @throws OperatorError when nothing answers there
 */
export async function findApi(
  { api }: { api?: string },
  { env, runFile, answers }: Surroundings,
): Promise<{ url: string; foundBy?: string }> {
  const named = api ?? (env.API_URL?.trim() ? env.API_URL.trim() : undefined);
  if (named !== undefined) {
    if (!URL.canParse(named) || !/^https?:/.test(named)) {
      throw new OperatorError('The API must be an http(s) URL such as http://127.0.0.1:3000.');
    }
    const url = baseOf(named);
    if (await answers(`${url}/health/live`)) return { url };
    throw new OperatorError(`No API answers at ${url}: ${HOW_TO_SAY}`);
  }
  const local = localUrl(runFile, 'API');
  if (local !== undefined && (await answers(`${baseOf(local)}/health/live`))) {
    return { url: baseOf(local), foundBy: 'npm run local' };
  }
  const url = `http://127.0.0.1:${env.API_PORT?.trim() ? env.API_PORT.trim() : DEFAULT_PORT}`;
  if (await answers(`${url}/health/live`)) return { url, foundBy: 'the port of Compose' };
  throw new OperatorError(`No API answers at ${url}: ${HOW_TO_SAY}`);
}
