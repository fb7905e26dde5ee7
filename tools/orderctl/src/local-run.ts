import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What an emulator is asked with. */
export type Credentials = { accessKeyId: string; secretAccessKey: string };

/** LocalStack takes any. */
const ANY: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Where `npm run local` writes down what it has started. The rule is tools/local/run-folder.mjs's, which works before
 * anything is compiled and installed.
 * @param root the project's folder
 */
export function runFileOf(root: string, env: NodeJS.ProcessEnv): URL {
  const folder = env.ORDERFLOW_LOCAL_DIR?.trim() ? env.ORDERFLOW_LOCAL_DIR.trim() : '.local';
  return pathToFileURL(resolve(root, folder, 'run.json'));
}

function readRun(runFile: URL): { urls?: Record<string, string>; credentials?: Credentials } {
  try {
    return JSON.parse(readFileSync(runFile, 'utf8')) as ReturnType<typeof readRun>;
  } catch {
    return {};
  }
}

/** What `npm run local` has written down, as long as it runs. */
export function localUrl(runFile: URL, name: 'API' | 'AWS endpoint'): string | undefined {
  return readRun(runFile).urls?.[name];
}

/** Whether two URLs mean the same listener of this machine, or are the same. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  return a.origin === b.origin || (a.port === b.port && [a, b].every(({ hostname }) => LOOPBACK.includes(hostname)));
}

/**
 * What the emulator at an endpoint takes: what EMULATOR_ACCESS_KEY_ID and EMULATOR_SECRET_ACCESS_KEY say, else the key of
 * `npm run local` if that runs there. Never what the shell has for AWS. tools/doctor/surroundings.mjs has the same rule.
 */
export function credentialsAt(
  endpoint: string,
  { env, runFile }: { env: NodeJS.ProcessEnv; runFile: URL },
): Credentials {
  const { EMULATOR_ACCESS_KEY_ID: accessKeyId, EMULATOR_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  const { urls, credentials } = readRun(runFile);
  const local = urls?.['AWS endpoint'];
  return (local !== undefined && isSame(endpoint, local) ? credentials : undefined) ?? ANY;
}
