import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
/** What is not a program of ours, or hands its arguments on. */
const FOREIGN = ['build', 'check', 'check:format', 'check:lint', 'check:unused', 'fix', 'test', 'up', 'parity'];
/** Without arguments, and what commander does. */
const OTHERS = ['check:audit', 'check:template', 'audit', 'dlq', 'ops'];
const TOOLS = Object.entries(scripts).filter(([name]) => ![...FOREIGN, ...OTHERS].includes(name));

/** The last command of an npm script: what compiles before it is left out. */
function run(script: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [command = '', ...own] = (script.split('&& ').at(-1) ?? '').split(' ');
  const [program, rest] =
    command === 'tsx' ? [process.execPath, ['--no-warnings', '--import', 'tsx', ...own]] : [process.execPath, own];
  return new Promise((resolve) => {
    execFile(
      program,
      [...rest, ...args],
      { cwd: root, env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

it('are these', () => {
  expect(TOOLS.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'bench',
      'chaos',
      'demo',
      'dev',
      'doctor',
      'hostile',
      'local',
      'local:stop',
      'scenario',
      'soak',
    ]),
  );
});

it.each(TOOLS)(
  'npm run %s -- --help shows how it is called, and does nothing',
  async (_, script) => {
    const { code, stdout, stderr } = await run(script, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^npm run /);
  },
  60_000,
);

it.each(TOOLS)(
  'npm run %s refuses what it does not know, and shows how it is called',
  async (_, script) => {
    const { code, stdout, stderr } = await run(script, '--no-such-option');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/no-such-option[^]*npm run /);
  },
  60_000,
);
