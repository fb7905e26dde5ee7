import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { pidFile } from '../../tools/local/local-run.mjs';
import { stateOfDependencies } from '../../tools/local/dependencies.mjs';
import { build, installEmulator } from '../../tools/local/requirements.mjs';
import { orderFor, createApiClient } from '../support/api-client.js';
import { copyCheckout } from '../support/copy-checkout.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A compilation on a busy machine. */
const SOON_MS = 120_000;

describe('npm run dev', () => {
  let copy: string;
  let source: string;
  let whole: string;
  let launcher: ChildProcess;
  let ended: Promise<number>;
  let output = '';
  let orderId: string;

  const run = () => pidFile(join(copy, 'run/run.json')).read();
  const pidOf = (service: string) => run()?.children.find(({ name }) => name === service)?.pid;
  const url = (name: string) => run()?.urls[name] ?? '';
  const api = createApiClient(() => Promise.resolve(new URL(url('API')).origin));
  const others = () =>
    [...Object.keys(SERVICES).filter((name) => name !== 'order-worker'), 'emulator', 'compiler'].map(pidOf);

  /** A separate copy of the project, already compiled, because the test changes its sources. */
  beforeAll(async () => {
    expect(stateOfDependencies(root)).toBe('up to date');
    await Promise.all([build(root), installEmulator(root)]);
    copy = await copyCheckout();
    await mkdir(join(copy, '.local'));
    await symlink(join(root, '.local/ministack'), join(copy, '.local/ministack'));
    source = join(copy, 'services/order-worker/src/main.ts');
    whole = await readFile(source, 'utf8');
    launcher = spawn(process.execPath, ['tools/local.mjs', '--watch'], {
      cwd: copy,
      env: {
        ...process.env,
        ...{ NODE_OPTIONS: '', ORDERFLOW_LOCAL_DIR: 'run' },
        ...{
          LOCALSTACK_PORT: '0',
          ...Object.fromEntries(Object.values(SERVICES).map((one) => [one.portVariable, '0'])),
        },
      },
    });
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream?.on('data', (data: Buffer) => (output += String(data)));
    }
    ended = new Promise((resolve) =>
      launcher.once('close', (code) => {
        resolve(code ?? 1);
      }),
    );
    await said(/Found 0 errors/);
    ({ orderId } = await api.createOrder(orderFor('customer-1')));
    await api.orderInState(orderId, 'COMPLETED');
  }, 300_000);

  afterAll(async () => {
    launcher.kill('SIGTERM');
    expect(await ended).toBe(0);
    await rm(copy, { recursive: true, force: true });
  }, 60_000);

  /** Its output from a position on. */
  async function said(what: RegExp, from = 0): Promise<void> {
    await eventually(
      async () => what.test(output.slice(from)) || launcher.exitCode !== null,
      String(what),
      SOON_MS,
    ).catch((cause: unknown) => {
      throw new Error(output.slice(from), { cause });
    });
    if (!what.test(output.slice(from))) throw new Error(`npm run dev has ended:\n${output}`);
  }

  async function untilReady(): Promise<void> {
    const ready = async () => (await fetch(url('order-worker').replace('/health', '/health/ready'))).ok;
    await eventually(ready, 'order-worker ready', SOON_MS);
  }

  const ENDS = /order-worker ended on its own with exit code/;
  const before = (line: string) => () => `${line}\n${whole}`;
  const FAULTS: [string, () => string, RegExp][] = [
    ['a syntax error', before('const = ;'), /Found \d+ errors?\./],
    ['a type error', before("export const five: number = 'five';"), /Found 1 error\./],
    ['a crash at its start', before("if (process.pid > 0) throw new Error('no');"), ENDS],
    ['an unhandled rejection', before("void Promise.reject(new Error('no'));"), ENDS],
    ['a module that is missing', before("await import(['./no', 'where.js'].join(''));"), ENDS],
    ['a port that is taken', () => before(`process.env.PORT = '${new URL(url('API')).port}';`)(), ENDS],
    ['an exit without a message', before('if (process.pid > 0) process.exit(0);'), ENDS],
    [
      'a start that never ends',
      before('await new Promise(() => setInterval(() => undefined, 1_000));'),
      /\(changed: restarting\)/,
    ],
  ];

  it.each(FAULTS)(
    'survives %s in a service, and applies the next save',
    async (_, broken, sign) => {
      const here = output.length;
      const running = others();
      const code = broken();
      await writeFile(source, code);
      await said(sign, here);
      const recovered = output.length;
      await writeFile(source, whole);
      await said(/Found 0 errors/, recovered);
      if (sign.source.startsWith('Found')) await untilReady();
      else await said(/\(restarted\)/, recovered);
      expect(others()).toEqual(running);
      // The emulator has kept its data, and the worker works.
      expect((await api.order(orderId)).status).toBe('COMPLETED');
      const { orderId: next } = await api.createOrder(orderFor('customer-1'));
      await api.orderInState(next, 'COMPLETED');
    },
    300_000,
  );

  it('survives a later crash of a service, and restarts it on a save without changes', async () => {
    const here = output.length;
    const running = others();
    process.kill(pidOf('order-worker') ?? 0, 'SIGKILL');
    await said(ENDS, here);
    expect(pidOf('order-worker')).toBeUndefined();
    const now = new Date();
    await utimes(source, now, now);
    await said(/\(restarted\)/, here);
    expect(others()).toEqual(running);
    const { orderId: next } = await api.createOrder(orderFor('customer-1'));
    // The dead worker's poll may have received it; it is redelivered after 30 s.
    await api.orderInState(next, 'COMPLETED', 60_000);
  }, 300_000);
});
