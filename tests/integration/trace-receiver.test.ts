import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { createApiClient } from '../support/api-client.js';
import { useTracedSystem } from '../support/traced-system.js';

/** Far longer than an order takes, and shorter than the exporter's timeout of 5 s. */
const ANSWER_WITHIN_MS = 3_000;

describe('a system that exports traces', () => {
  const traced = useTracedSystem();
  const { placeOrder, traceOf } = traced;
  const api = createApiClient(() => traced.system.apiUrl());

  it('changes its log level on SIGUSR2', async () => {
    const [worker] = traced.system.instances('order-worker');
    const levels = async () =>
      (await worker!.logs()).split('\n').flatMap((line) => /"logLevel":"(\w+)"/.exec(line)?.[1] ?? []);
    for (const told of [['debug'], ['debug', 'info']]) {
      worker!.signal('SIGUSR2');
      await eventually(async () => (await levels()).length === told.length, 'the switch');
      expect(await levels()).toEqual(told);
    }
  });

  describe.each(['down', 'hanging', 'error-500'] as const)('a receiver that is %s', (mode) => {
    it('affects neither requests nor messages', async () => {
      await traceOf((await placeOrder('book-1')).traceId);
      const lines = async (message: string) =>
        (await traced.system.logs('api-gateway')).split(`"message":"${message}"`).length - 1;
      const complaints = () => lines('traces cannot be exported');
      const relief = () => lines('traces are exported again');
      const before = { complaints: await complaints(), relief: await relief() };

      await traced.receiver.become(mode);
      const placed = [];
      for (let index = 0; index < 20; index++) placed.push(await placeOrder('book-1'));
      for (const { orderId } of placed) await api.orderInState(orderId, 'COMPLETED');
      expect(Math.max(...placed.map(({ tookMs }) => tookMs))).toBeLessThan(ANSWER_WITHIN_MS);
      await eventually(async () => (await complaints()) > before.complaints, 'a line about it');

      await traced.receiver.become('up');
      await eventually(async () => {
        await placeOrder('book-1');
        return (await relief()) > before.relief;
      }, 'a line about its end');
      await traceOf((await placeOrder('book-1')).traceId);
      expect(await complaints()).toBe(before.complaints + 1);
      for (const service of SERVICE_NAMES) {
        expect(await traced.system.logs(service)).not.toContain('"level":"error"');
      }
    }, 60_000);
  });
});
