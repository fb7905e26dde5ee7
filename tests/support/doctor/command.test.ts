import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { readSettings } from '../../../tools/doctor/surroundings.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const doctor = (...options: string[]) =>
  spawnSync(process.execPath, ['tools/doctor.mjs', ...options], { cwd: root, encoding: 'utf8' });

it.each([
  [['--fix'], "Unknown option '--fix'"],
  [['--endpoint', 'emulator'], 'http(s) URL'],
  [['--stage', 'No Stage'], '1 to 20'],
])('%j ends with exit code 2 and the usage', (options, reason) => {
  const { status, stdout, stderr } = doctor(...options);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(reason);
  expect(stderr).toContain('npm run doctor -- [--json]');
});

it('--help shows the usage', () => {
  expect(doctor('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('[--endpoint URL]') });
});

it('variables come from .env as for Compose, and the shell wins', () => {
  const folder = `${mkdtempSync(join(tmpdir(), 'doctor-'))}/`;
  writeFileSync(`${folder}.env`, '# ports\nAPI_PORT=13000\nLOCALSTACK_PORT="14566" # moved\nSTAGE=\n');
  const settings = readSettings(folder, { API_PORT: '23000', ORDER_WORKER_PORT: ' ' });
  expect(['API_PORT', 'LOCALSTACK_PORT', 'STAGE', 'ORDER_WORKER_PORT'].map(settings)).toEqual([
    ...['23000', '14566', undefined, undefined],
  ]);
  rmSync(folder, { recursive: true });
});
