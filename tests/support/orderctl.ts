import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@orderflow/testing/eventually';
import { ofTheMachine, toolVariables } from '../../tools/local/environment.mjs';
import { CREDENTIALS } from './credentials.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run ops` as a process. */
export type OpsProcess = {
  stdout: () => string;
  stderr: () => string;
  /** The lines on stdout that are JSON documents. */
  documents: <T = Record<string, unknown>>() => T[];
  /** Waits until stdout or stderr has it. */
  says: (text: string | RegExp, withinMs?: number) => Promise<void>;
  interrupt: () => void;
  exitCode: Promise<number | null>;
};

export async function compileOps(): Promise<void> {
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tools/orderctl'], {
    cwd: root,
  });
}

const running = new Set<ChildProcess>();

/** Ends children of a failed test, which would keep the run from ending. */
export function endOps(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts it as a user would, but without compiling, with the key of this process's emulators. */
export function startOps(args: readonly string[], env: Record<string, string> = {}): OpsProcess {
  const child = spawn(process.execPath, ['--no-warnings', 'tools/orderctl/dist/main.js', ...args], {
    cwd: root,
    env: {
      ...ofTheMachine(process.env),
      ...toolVariables(CREDENTIALS),
      // Ignore the systems that run on this machine.
      ...{
        ORDERFLOW_LOCAL_DIR: '/no/such/folder',
        COMPOSE_PROJECT_NAME: 'no-such-project',
        COMPOSE_ENV_FILES: '/dev/null',
      },
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  running.add(child);
  const exitCode = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    documents: <T>() =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as T),
    says: async (text, withinMs) => {
      await eventually(
        async () => new RegExp(text).test(stdout + stderr),
        `${args.join(' ')} saying ${String(text)}`,
        withinMs,
      );
    },
    interrupt: () => void child.kill('SIGINT'),
    exitCode,
  };
}

/** Runs it until it exits. */
export async function ops(...args: string[]) {
  const process = startOps(args);
  const exitCode = await process.exitCode;
  return { exitCode, stdout: process.stdout(), stderr: process.stderr() };
}
