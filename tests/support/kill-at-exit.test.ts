import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { startOf } from '../../tools/local/identity.mjs';

const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'the processes of a run end with it on %s',
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'orderflow-'));
    const script = `
    import { startChild } from ${url('../../tools/local/children.mjs')};
    import { killAtExit } from ${url('kill-at-exit.ts')};
    const child = startChild({
      name: 'x', command: process.execPath, args: ['--eval', 'setInterval(() => {}, 1000)'],
      cwd: '.', env: {}, logFile: ${JSON.stringify(join(folder, 'x.log'))},
    });
    killAtExit(child);
    console.log(child.pid);`;
    const run = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', '--input-type=module', '--eval', script], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let pid = 0;
    run.stdout.on('data', (data: Buffer) => (pid = Number(String(data))));
    await eventually(async () => pid > 0, 'started', 60_000);
    run.kill(signal);
    expect(await eventually(async () => startOf(pid) === undefined, 'gone')).toBe(true);
    rmSync(folder, { recursive: true });
  },
  120_000,
);
