import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { failingPart } from '../support/hostile-report.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run hostile` sends more requests. */
const CASES = 500;

describe('the API under requests that its own document allows or forbids', () => {
  it(`answers ${CASES} cases as documented, and never with a server error`, async () => {
    const tool = spawn(process.execPath, ['--no-warnings', 'tools/hostile-http.mjs', '--cases', String(CASES)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => tool.once('close', resolve));
    const output = (await Promise.all([text(tool.stdout), text(tool.stderr)])).reverse().join('\n');
    const [, cases] = /^(\d+) cases, nothing wrong/m.exec(output) ?? [];
    if (cases === undefined) throw new Error(failingPart(output));
    expect(Number(cases)).toBeGreaterThanOrEqual(CASES);
    expect(await ended).toBe(0);
  }, 900_000);
});
