import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why containers cannot be run here; undefined when they can. */
export async function dockerProblem(): Promise<string | undefined> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}']);
  } catch {
    return 'no Docker engine answers; start Docker';
  }
  try {
    await run('docker', ['compose', 'version']);
  } catch {
    return 'Docker has no Compose v2 plugin; install it';
  }
  return undefined;
}
