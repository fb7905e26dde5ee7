import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from '@orderflow/testing/eventually';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ACTS = ['Reproduce', 'Symptom', 'Diagnosis', 'Fix and verify'] as const;
type Act = (typeof ACTS)[number];

/** Longer output would hide the relevant lines. */
const SHOWN_LINES = 14;
/** Building images from nothing takes minutes. */
const COMMAND_TIMEOUT_MS = 600_000;

/** The scenario is wrong: its symptom does not show, or its fix does not work. */
export class StoryBroken extends Error {
  override readonly name = 'StoryBroken';
}

type CommandResult = { code: number; output: string };

/** What a scenario prints, and its checks. */
export type Story = {
  /** Begins an act. The four acts come in a fixed order. */
  act: (name: Act) => void;
  say: (text: string) => void;
  /** Runs a shell command in the project's folder and shows its output, with stderr. */
  type: (command: string) => Promise<CommandResult>;
  /**
   * Repeats a command until its output matches, and shows the last output.
   * @throws StoryBroken when it does not match in time
   */
  typeUntil: (command: string, what: string, pattern: RegExp, withinMs?: number) => Promise<string>;
  /** @throws StoryBroken when it does not hold; `saw` is the actual value */
  check: (what: string, holds: boolean, saw?: unknown) => void;
  /** Checks that `ask` answers in time with neither undefined nor false. @throws StoryBroken when it does not */
  eventually: <T>(ask: () => Promise<T | undefined | false>, what: string, withinMs?: number) => Promise<T>;
  /** The fix. --without-fix skips it to show that it is needed. */
  fix: (what: string, apply: () => Promise<unknown>) => Promise<void>;
};

type StoryOptions = {
  write: (line: string) => void;
  /** Additional environment of typed commands. */
  environment: () => Promise<Record<string, string>>;
  withFix: boolean;
};

function execute(command: string, environment: Record<string, string>): Promise<CommandResult> {
  const env = { ...process.env, ...environment };
  const options = { cwd: root, env, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile('bash', ['-c', `exec 2>&1; ${command}`], options, (error, printed) => {
      const output = stripVTControlCharacters(printed);
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, output: error?.killed ? `${output}\n(ended after ${COMMAND_TIMEOUT_MS / 1_000} s)` : output });
    });
  });
}

/** The first and last lines, and the number of lines between them. */
function shorten(lines: string[]): string[] {
  if (lines.length <= SHOWN_LINES) return lines;
  const half = SHOWN_LINES / 2;
  return [...lines.slice(0, half), `… ${lines.length - SHOWN_LINES} more lines …`, ...lines.slice(-half)];
}

const neverCame = (withinMs: number): string => `did not appear within ${withinMs / 1_000} s`;

export function createStory({ write, environment, withFix }: StoryOptions): Story {
  let acts = 0;

  function check(what: string, holds: boolean, saw?: unknown): void {
    if (holds) {
      write(`  ✓ ${what}`);
      return;
    }
    const instead = saw === undefined ? '' : `; saw ${typeof saw === 'string' ? saw : JSON.stringify(saw)}`;
    write(`  ✗ ${what}${instead}`);
    throw new StoryBroken(`${what}${instead}`);
  }

  function show(command: string, { output }: CommandResult): void {
    write(`  $ ${command}`);
    const printed = output.trimEnd();
    for (const line of printed ? shorten(printed.split('\n')) : []) write(`    │ ${line.trimEnd()}`);
  }

  return {
    act: (name) => {
      if (ACTS[acts] !== name) throw new Error(`act ${acts + 1} is ${String(ACTS[acts])}, not ${name}`);
      acts += 1;
      write(`\n${acts} ${name}`);
    },
    say: (text) => {
      write(`  ${text}`);
    },
    type: async (command) => {
      const result = await execute(command, await environment());
      show(command, result);
      return result;
    },
    typeUntil: async (command, what, pattern, withinMs = 30_000) => {
      let result: CommandResult = { code: 0, output: '' };
      const look = async () => {
        result = await execute(command, await environment());
        return pattern.test(result.output);
      };
      const matches = await eventually(look, what, withinMs, 500).catch(() => false);
      show(command, result);
      check(what, matches, neverCame(withinMs));
      return result.output;
    },
    check,
    eventually: async (ask, what, withinMs = 20_000) => {
      try {
        const answer = await eventually(ask, what, withinMs);
        check(what, true);
        return answer;
      } catch (error) {
        const { cause } = error as Error;
        check(what, false, `${neverCame(withinMs)}${cause instanceof Error ? ` (${cause.message})` : ''}`);
        throw error;
      }
    },
    fix: async (what, apply) => {
      if (!withFix) {
        write(`  (left out: ${what})`);
        return;
      }
      write(`  ${what}`);
      await apply();
    },
  };
}
