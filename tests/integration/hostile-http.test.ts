import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { failingPart } from '../support/hostile-report.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the API under requests that its own document allows or forbids', () => {
  // `npm run hostile` sends more requests.
  it.each([
    ['without AUTH_MODE', 500, []],
    ['of an operator', 200, ['--as', 'operator']],
    ['of a customer', 200, ['--as', 'customer']],
    ['without a token, all of which it refuses', 200, ['--as', 'nobody']],
  ])(
    'answers requests %s as documented, and never with a server error',
    async (_, least, options) => {
      const args = ['--no-warnings', 'tools/hostile-http.mjs', '--cases', String(least), ...options];
      const tool = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      const ended = new Promise((resolve) => tool.once('close', resolve));
      const output = (await Promise.all([text(tool.stdout), text(tool.stderr)])).reverse().join('\n');
      const [, cases] = /^(\d+) cases, nothing wrong/m.exec(output) ?? [];
      if (cases === undefined) throw new Error(failingPart(output));
      expect(Number(cases)).toBeGreaterThanOrEqual(least);
      expect(await ended).toBe(0);
    },
    900_000,
  );
});
