import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const WITHIN_MS = 600_000;

/** Runs an npm script and returns its output, even if it fails. */
function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    // Without Jest's Node options, which slow the services down.
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile('npm', ['run', '--silent', script, '--', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

describe('npm run bench', () => {
  // Counts and ratios only: the speed and load of the machine change neither by half.
  it(
    'makes at most one AWS call per order and takes at most half the CPU of the straightforward system',
    async () => {
      const { code, output } = await run('bench', '--small', '--gate');
      // Show the table if the check fails.
      expect({ code, output }).toEqual({ code: 0, output });
      expect(output).toContain('Gates');
    },
    WITHIN_MS,
  );
});
