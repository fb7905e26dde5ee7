import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run hostile` sends more of them. */
const CASES = 1_000;

describe('the API, given what its own document allows and forbids', () => {
  it(`answers ${CASES} cases as documented, and never with a server error`, async () => {
    const tool = spawn(process.execPath, ['--no-warnings', 'tools/hostile-http.mjs', '--cases', String(CASES)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => tool.once('close', resolve));
    const output = await text(tool.stdout);
    const [, cases] = /^(\d+) cases, nothing wrong/m.exec(output) ?? [];
    // The whole report says what failed, and how to repeat it.
    if (cases === undefined) throw new Error(output);
    expect(Number(cases)).toBeGreaterThanOrEqual(CASES);
    expect(await ended).toBe(0);
  }, 300_000);
});
