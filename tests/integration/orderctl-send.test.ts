import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startForgetfulProxy, type ForgetfulProxy } from '../chaos/support/forgetful-proxy.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../support/embedded-system.js';
import { compileOps, endOps, ops, startOps } from '../support/orderctl.js';

// Neither stream is a terminal.
const ESCAPE = '\u001b';

beforeAll(compileOps, 120_000);

afterEach(endOps);

describe('with a running system', () => {
  let proxy: ForgetfulProxy;
  let running: EmbeddedSystem;

  beforeAll(async () => {
    running = await startEmbeddedSystem();
    proxy = await startForgetfulProxy(await running.apiUrl(), { seed: 1, probability: 0.3 });
  }, 180_000);

  afterAll(async () => {
    await proxy.dispose();
    await running.dispose();
  }, 60_000);

  it('send places orders at a rate, each once although many answers are lost, and waits until they end', async () => {
    const send = await ops('send', '--api', proxy.url, '--rate', '20', '--count', '30', '--wait', '--json');
    expect(send.stdout + send.stderr).not.toContain(ESCAPE);
    const report = JSON.parse(send.stdout) as { customerId: string; tookMs: number; retried: number };
    expect(report).toMatchObject({ accepted: 30, refused: 0, outcomes: { completed: 30, failed: 0, unfinished: 0 } });
    expect(send.exitCode).toBe(0);
    expect(report.retried).toBeGreaterThan(0);
    expect(proxy.forgotten().get(201)).toBeGreaterThan(0);
    expect(report.tookMs).toBeGreaterThanOrEqual((29 / 20) * 1_000);
    const list = await fetch(`${await running.apiUrl()}/api/orders?limit=100&customerId=${report.customerId}`);
    expect(((await list.json()) as { items: unknown[] }).items).toHaveLength(30);
  }, 90_000);

  it('send reports that the API is unavailable, and continues when it recovers', async () => {
    const send = startOps(['send', '--api', await running.apiUrl(), '--rate', '10', '--count', '100', '--json']);
    await send.says('of 100 sent');
    await running.kill('api-gateway');
    await send.says('The API at .* cannot be reached');
    await running.start('api-gateway');
    expect(await send.exitCode).toBe(0);
    expect(send.stderr()).toMatch(/The API at \S+ is back after \d+ s\.\n/);
    const { customerId, ...report } = JSON.parse(send.stdout()) as { customerId: string };
    expect(report).toMatchObject({ accepted: 100, refused: 0 });
    const list = await fetch(`${await running.apiUrl()}/api/orders?limit=100&customerId=${customerId}`);
    expect(((await list.json()) as { items: unknown[] }).items).toHaveLength(100);
  }, 90_000);

  it('send reports refused and unfinished orders, and stops at Ctrl-C', async () => {
    const failed = await ops(
      'send',
      '--api',
      await running.apiUrl(),
      '--count',
      '2',
      '--product',
      'test-out-of-stock',
      '--wait',
    );
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toMatch(/outcomes +0 completed, 2 failed, 0 have not ended\n/);
    const refused = await ops('send', '--api', await running.apiUrl(), '--count', '2', '--product', 'no product');
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toMatch(/refused +2\n +2 VALIDATION_FAILED: The request is not valid\.\n/);
    expect(await ops('send', '--api', 'http://127.0.0.1:9')).toMatchObject({ exitCode: 2, stdout: '' });

    const endless = startOps(['send', '--api', await running.apiUrl(), '--count', '0', '--rate', '50']);
    await endless.says(/\d+ sent/);
    endless.interrupt();
    expect(await endless.exitCode).toBe(130);
    expect(endless.stdout()).toMatch(/accepted +[1-9]\d*\n/);
  }, 90_000);
});
