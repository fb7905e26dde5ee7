import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { build } from '../tools/local/requirements.mjs';
import { SCENARIOS } from './scenarios.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const TIMEOUT_MS = 400_000;

/** `npm run scenario`, as a user runs it. */
function scenario(...args: string[]): Promise<{ code: number; output: string }> {
  const options = { cwd: root, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile('npm', ['run', '--silent', 'scenario', '--', ...args], options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

// Once, before several run concurrently.
await scenario();
await build(root);

const actsOf = (output: string): string[] => output.match(/^\d (Reproduce|Symptom|Diagnosis|Fix and verify)$/gm) ?? [];
/** Failed checks with their actual values. The doctor's quoted lines look alike. */
const brokenIn = (output: string): string[] => output.match(/^ {2}✗.*$/gm) ?? [];
const ACTS = ['1 Reproduce', '2 Symptom', '3 Diagnosis', '4 Fix and verify'];

describe.each(SCENARIOS)('$name', ({ name, lesson, readOn, runsEmbedded }) => {
  it.concurrent(
    'shows its symptom, is fixed, and ends with its lesson',
    async () => {
      const { code, output } = await scenario(name);
      const verdict = output.trimEnd().split('\n').at(-1);
      expect({ code, acts: actsOf(output), broken: brokenIn(output), verdict }).toEqual({
        ...{ code: 0, acts: ACTS, broken: [] },
        verdict: expect.stringMatching(new RegExp(`^PASS ${name} `)),
      });
      expect(output).toContain(`\nWhat this shows\n  ${lesson}\n  Read on: ${readOn}\n\nPASS`);
    },
    TIMEOUT_MS,
  );

  it.concurrent(
    'fails without its fix, in its last act only',
    async () => {
      // Without Docker where possible: the environment does not matter for these checks.
      const { code, output } = await scenario(name, '--without-fix', ...(runsEmbedded ? ['--embedded'] : []));
      const [before = '', last = ''] = output.split(/^4 Fix and verify$/m);
      expect({ code, acts: actsOf(output), brokenBefore: brokenIn(before), broken: brokenIn(last) }).toEqual({
        ...{ code: 1, acts: ACTS, brokenBefore: [], broken: [expect.any(String)] },
      });
    },
    TIMEOUT_MS,
  );
});

it.concurrent(
  'poison-order plays with access tokens, too',
  async () => {
    const { code, output } = await scenario('poison-order', '--embedded', '--auth');
    expect({ code, broken: brokenIn(output) }).toEqual({ code: 0, broken: [] });
    expect(output).toContain('$ curl --silent --header "authorization: Bearer $(npm run token --silent)" http');
  },
  TIMEOUT_MS,
);

describe('the command', () => {
  it(
    'lists every scenario',
    async () => {
      const { code, output } = await scenario();
      expect(code).toBe(0);
      for (const { name, summary } of SCENARIOS) expect(output).toMatch(new RegExp(`${name} +${summary}`));
    },
    TIMEOUT_MS,
  );

  it.each([
    [['no-such-scenario'], 'There is no scenario no-such-scenario; npm run scenario lists them.'],
    [['localstack-not-ready', '--embedded'], 'is about containers'],
    [['--no-such-option'], 'no-such-option'],
  ])(
    'refuses %j with exit code 2',
    async (args, problem) => {
      const { code, output } = await scenario(...args);
      expect(code).toBe(2);
      expect(output).toContain(problem);
    },
    TIMEOUT_MS,
  );
});
