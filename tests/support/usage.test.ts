import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
/** Programs that are not ours or that pass their arguments on. */
const FOREIGN = ['build', 'fix', 'test', 'up'];
/** Programs whose options commander handles. */
const OTHERS = ['audit', 'dlq', 'ops'];
const TOOLS = Object.entries(scripts).filter(([name]) => ![...FOREIGN, ...OTHERS].includes(name));
const MEASUREMENTS = ['--page', '--plain', '--profile', '--soak', '--startup'];

/** The last command of an npm script, without the compilation before it. */
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

it('the scripts with options are all tested here', () => {
  expect(TOOLS.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'bench',
      'chaos',
      'check',
      'demo',
      'dev',
      'doctor',
      'hostile',
      'local',
      'local:stop',
      'scenario',
    ]),
  );
});

it.each(TOOLS)(
  'npm run %s shows its usage on --help and for an unknown option',
  async (_, script) => {
    const [asked, unknown] = await Promise.all([run(script, '--help'), run(script, '--no-such-option')]);
    expect(asked).toEqual({ code: 0, stdout: expect.stringMatching(/^npm run /), stderr: '' });
    const refusal = expect.stringMatching(/no-such-option[^]*npm run /);
    expect(unknown).toEqual({ code: 2, stdout: '', stderr: refusal });
  },
  120_000,
);

it.each(MEASUREMENTS)(
  'npm run bench -- %s shows its usage on --help and for an unknown option',
  async (measurement) => {
    const bench = scripts.bench ?? '';
    const [asked, unknown] = await Promise.all([
      run(bench, measurement, '--help'),
      run(bench, measurement, '--no-such-option'),
    ]);
    const usage = `npm run bench -- ${measurement} `;
    expect(asked).toEqual({ code: 0, stdout: expect.stringContaining(usage), stderr: '' });
    expect(unknown).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/no-such-option[^]*npm run /) });
  },
  120_000,
);

it('npm run bench accepts one measurement at a time, and lists them', async () => {
  const { code, stderr } = await run(scripts.bench ?? '', '--soak', '--page');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(MEASUREMENTS.join(' | ')) });
});

it('npm run check lists its checks if the name is unknown', async () => {
  const { code, stderr } = await run(scripts.check ?? '', 'no-such-check');
  expect(code).toBe(2);
  for (const name of ['no-such-check', 'audit', 'format', 'lint', 'template', 'unused']) expect(stderr).toContain(name);
});
