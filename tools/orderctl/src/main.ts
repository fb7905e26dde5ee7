import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { CommanderError } from 'commander';
import { createAwsClients } from '@orderflow/platform/aws/clients';
import { toError } from '@orderflow/platform/errors';
import { connect, findTarget } from './connect.js';
import { createProgram } from './program.js';
import type { Terminal } from './terminal.js';

const RUN_FILE = new URL('../../../.local/run.json', import.meta.url);
const interrupted = new AbortController();
// The second Ctrl-C ends the process at once, as it would have without this.
process.once('SIGINT', () => {
  interrupted.abort(new Error('Interrupted; what was received has been given back.'));
});

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  interactive: process.stdin.isTTY && process.stderr.isTTY,
  movingLines: process.stderr.isTTY,
  ask: async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    return lines.question(question, { signal: interrupted.signal }).finally(() => {
      lines.close();
    });
  },
  signal: interrupted.signal,
  now: Date.now,
  pause: (ms) => setTimeout(ms, undefined, { signal: interrupted.signal }),
};

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    () => true,
    () => false,
  );
}

const program = createProgram(async (options, command) => {
  const target = await findTarget(options, { env: process.env, runFile: RUN_FILE, answers });
  if (target.foundBy !== undefined) terminal.err(`Using ${target.endpoint ?? ''} (${target.foundBy}).\n`);
  if (target.testCredentials) Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const { region: AWS_REGION, endpoint } = target;
  const timeouts = { AWS_REQUEST_TIMEOUT_MS: 10_000, SQS_WAIT_TIME_SECONDS: 5 };
  const aws = createAwsClients({ AWS_REGION, ...(endpoint ? { AWS_ENDPOINT_URL: endpoint } : {}), ...timeouts });
  process.exitCode = await command(await connect(target, aws), terminal).finally(aws.close);
});

try {
  await program.parseAsync();
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  if (!(error instanceof CommanderError)) terminal.err(`${toError(error).message || toError(error).name}\n`);
  process.exitCode = isHelp ? 0 : interrupted.signal.aborted ? 130 : 2;
}
