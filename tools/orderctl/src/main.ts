import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommanderError, type Command } from 'commander';
import { createAwsClients } from '@orderflow/platform/aws/clients';
import { toError } from '@orderflow/platform/runtime/errors';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import type { Run, RunOnApi } from './command-options.js';
import { connect, connectPatiently, toOperatorError } from './connect.js';
import { findApi, findTarget, findTargetPatiently, type Surroundings, type TargetOptions } from './find-target.js';
import { createProgram } from './program.js';
import { requireToken, type TokenSource } from './send/token-source.js';
import { startDeadline, unlessInterrupted, type Terminal } from './terminal.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Commands that run until stopped must notice an outage fast. The others read large pages. */
const REQUEST_TIMEOUT_MS = { patient: 3_000, otherwise: 10_000 };
/** The first request only tests the connection. Later ones may take longer. */
const CONNECT_WITHIN_MS = 5_000;

const { env, stdin, stdout, stderr } = process;
const interrupted = new AbortController();
// The second Ctrl-C ends the process at once.
process.once('SIGINT', () => {
  interrupted.abort(new Error('Interrupted.'));
});
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') interrupted.abort(new Error('The reader of the output has ended.'));
});

const terminal: Terminal = {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  interactive: stdin.isTTY && stderr.isTTY,
  movingLines: stderr.isTTY,
  screen: stdout.isTTY,
  colours: stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
  ask: async (question) => {
    const lines = createInterface({ input: stdin, output: stderr });
    return lines.question(question, { signal: interrupted.signal }).finally(() => {
      lines.close();
    });
  },
  signal: interrupted.signal,
  now: Date.now,
  elapsedMs: createMonotonicClock().startStopwatch(),
  pause: (ms) => setTimeout(ms, undefined, { signal: interrupted.signal }),
};

type Found = ReturnType<Surroundings['find']>;
type Credentials = ReturnType<Surroundings['credentialsAt']>;
/** Shared with tools that run before compilation, hence plain JavaScript. */
type LocalTools = Pick<Surroundings, 'answers'> & {
  createTokenSource: (api: string, env: NodeJS.ProcessEnv) => TokenSource;
  forgetAws: (env: NodeJS.ProcessEnv) => void;
  readSettings: (root: string, env: NodeJS.ProcessEnv) => Surroundings['setting'];
  findSystem: (root: string, env: NodeJS.ProcessEnv, ...what: Parameters<Surroundings['find']>) => Found;
  readLocalRun: (root: string, env: NodeJS.ProcessEnv) => object | undefined;
  credentialsAt: (endpoint: string, env: NodeJS.ProcessEnv, run: object | undefined) => Credentials;
};
const modules = ['access-token', 'environment', 'settings', 'find-system', 'local-run'].map(
  (name): Promise<object> => import(new URL(`../../local/${name}.mjs`, import.meta.url).href),
);
const local = Object.assign({}, ...(await Promise.all(modules))) as LocalTools;

const surroundings: Surroundings = {
  env,
  setting: local.readSettings(ROOT, env),
  find: (part) => local.findSystem(ROOT, env, part),
  credentialsAt: (endpoint) => local.credentialsAt(endpoint, env, local.readLocalRun(ROOT, env)),
  answers: local.answers,
};

/** Including the variables that must precede further commands. */
function sayWhere(where: string | undefined, foundBy: string | undefined): void {
  if (where === undefined || foundBy === undefined) return;
  const choices = ['ORDERFLOW_LOCAL_DIR', 'COMPOSE_PROJECT_NAME'].flatMap((name) => {
    const value = env[name]?.trim();
    return value ? [`${name}=${value}`] : [];
  });
  const also = choices.length > 0 ? ` Put ${choices.join(' ')} before the commands below, too.` : '';
  terminal.err(`Using ${where} (${foundBy}).${also}\n`);
}

type Options = TargetOptions & { watch?: number; for?: number };

/** @param given the command's arguments and options, and the command itself */
const run: Run =
  (work, mannerOf) =>
  async (...given) => {
    // Commands below another one get no options that both have.
    const options: Options = (given.pop() as Command).optsWithGlobals();
    const { patient = false, leavesNothing = false } = mannerOf?.(options) ?? {};
    const deadline = options.for === undefined ? undefined : startDeadline(terminal, options.for * 1_000);
    const target = await unlessInterrupted(
      terminal,
      patient ? findTargetPatiently(options, surroundings, terminal, deadline) : findTarget(options, surroundings),
    );
    sayWhere(target.endpoint, target.foundBy);
    // The SDK would read it, too.
    if (options.aws) delete env.AWS_ENDPOINT_URL;
    else local.forgetAws(env);
    const { region, endpoint, credentials } = target;
    const aws = createAwsClients({
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
      AWS_REQUEST_TIMEOUT_MS: patient ? REQUEST_TIMEOUT_MS.patient : REQUEST_TIMEOUT_MS.otherwise,
      SQS_WAIT_TIME_SECONDS: 5,
    });
    try {
      const connecting = patient
        ? connectPatiently(target, aws, terminal, deadline)
        : connect(target, aws, terminal, startDeadline(terminal, CONNECT_WITHIN_MS));
      const system = await unlessInterrupted(terminal, connecting);
      const all = [...given.slice(0, -1), options, deadline] as never[];
      const working = work(system, terminal, ...all);
      process.exitCode = await (leavesNothing ? unlessInterrupted(terminal, working) : working);
    } catch (error) {
      throw toOperatorError(error, target);
    } finally {
      aws.close();
    }
  };

const runOnApi: RunOnApi = (work) => async (options) => {
  const { url, foundBy } = await unlessInterrupted(terminal, findApi(options, surroundings));
  sayWhere(url, foundBy);
  const tokens = local.createTokenSource(url, env);
  await unlessInterrupted(terminal, requireToken(tokens));
  process.exitCode = await work({ url, tokens }, terminal, options);
};

async function doctor(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [`${ROOT}tools/doctor.mjs`, ...args], { stdio: 'inherit' });
  // In a terminal, it receives Ctrl-C directly.
  interrupted.signal.addEventListener('abort', () => child.kill('SIGINT'));
  const [code] = (await once(child, 'close')) as [number | null];
  process.exitCode = code ?? 130;
}

try {
  await createProgram(run, runOnApi, doctor).parseAsync();
} catch (error) {
  const { signal } = interrupted;
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  const said = signal.aborted && toError(error).name === 'AbortError' ? toError(signal.reason) : toError(error);
  if (!(error instanceof CommanderError)) terminal.err(`${said.message || said.name}\n`);
  process.exitCode = isHelp ? 0 : signal.aborted ? 130 : 2;
}
// An abandoned call or deadline would keep the process alive.
stdout.write('', () => process.exit());
