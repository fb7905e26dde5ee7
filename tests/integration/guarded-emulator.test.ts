import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { startEmptyEmulator } from '../support/emulator.js';
import { sendRaw, signedBy, statusOf } from '../support/guard/raw-request.js';

let emulator: Awaited<ReturnType<typeof startEmptyEmulator>>;
let port: number;
let host: string;
let key: string;

beforeAll(async () => {
  emulator = await startEmptyEmulator();
  port = Number(new URL(emulator.url).port);
  host = `Host: 127.0.0.1:${port}`;
  key = emulator.credentials.accessKeyId;
}, 120_000);

afterAll(async () => {
  await emulator.dispose();
}, 30_000);

describe('an emulator', () => {
  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('listens on one port, of this machine only', () => {
    const { pid } = emulator.process as { pid: number };
    const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const listening = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
      readFileSync(`/proc/net/${kind}`, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(
          ([, , , state, , , , , , inode]) =>
            state === (kind.startsWith('tcp') ? '0A' : '07') && sockets.includes(`socket:[${inode ?? ''}]`),
        )
        .map(([, local]) => local),
    );
    expect(listening).toEqual([`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`]);
  });

  it('runs no code from a template, even with the key', async () => {
    const mark = join(tmpdir(), `orderflow-guard-${process.pid}`);
    const ZipFile = `import pathlib\ndef handler(event, context):\n    pathlib.Path(${JSON.stringify(mark)}).touch()\n`;
    const lambda = { Runtime: 'python3.12', Handler: 'index.handler', Role: 'arn:aws:iam::000000000000:role/x' };
    const Resources = {
      Code: { Type: 'AWS::Lambda::Function', Properties: { ...lambda, Code: { ZipFile } } },
      // Nothing answers the custom resource, so the stack fails.
      Call: {
        Type: 'Custom::Call',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['Code', 'Arn'] }, ServiceTimeout: 1 },
      },
    };
    const ask = (Action: string, more = {}) =>
      sendRaw(port, {
        headers: [host, signedBy(key, 'cloudformation'), 'Content-Type: application/x-www-form-urlencoded'],
        body: new URLSearchParams({ Action, StackName: 'evil', Version: '2010-05-15', ...more }).toString(),
      });
    expect(statusOf(await ask('CreateStack', { TemplateBody: JSON.stringify({ Resources }) }))).toBe(200);
    const events = await eventually(async () => {
      const found = await ask('DescribeStackEvents');
      return found.includes('<ResourceStatus>ROLLBACK_COMPLETE<') ? found : undefined;
    }, 'the failed call');
    expect(events).toMatch(/timed out after 1s/);
    const isMarked = existsSync(mark);
    rmSync(mark, { force: true });
    expect(isMarked).toBe(false);
  }, 60_000);

  it('is not started without a key', async () => {
    const child = spawn(emulator.python, ['tools/local/guard.py'], {
      env: { ...process.env, GATEWAY_PORT: '0', EMULATOR_ACCESS_KEY_ID: 'test' },
    });
    expect((await once(child, 'close'))[0]).toBe(1);
  });
});
