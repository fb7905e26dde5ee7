import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const WITHIN_MS = 600_000;

/** `npm run` with its output, whatever became of it. */
function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    // Not Jest's own Node options, which slow the services down.
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile('npm', ['run', '--silent', script, '--', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

describe('npm run bench', () => {
  // Counts and ratios only: how fast this machine is, and what else it does, changes neither by half.
  it(
    'makes at most one AWS call per order and takes at most half the CPU of the straightforward system',
    async () => {
      const { code, output } = await run('bench', '--small', '--gate');
      // The table, if it is not so, is what one wants to see.
      expect({ code, output }).toEqual({ code: 0, output });
      expect(output).toContain('Gates');
    },
    WITHIN_MS,
  );
});
