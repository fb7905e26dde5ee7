import { describe, expect, it } from '@jest/globals';
import { aDelivery } from '@orderflow/testing/delivery';
import { ownedTime } from '@orderflow/testing/owned-time';
import { createRecordingLogger } from '@orderflow/testing/recording-logger';
import { withLogLine } from './with-log-line.js';
import type { DeliveryOutcome } from './delivery.js';

describe('withLogLine', () => {
  it.each<[DeliveryOutcome, string]>([
    ['processed', 'info'],
    ['duplicate', 'info'],
    ['retry', 'warn'],
    ['dead-lettered', 'warn'],
  ])('logs one line for a %s message, with its facts', async (outcome, level) => {
    const log = createRecordingLogger();
    let nowMs = 100;
    const handle = withLogLine(ownedTime(() => nowMs))(async (delivery) => {
      nowMs += 25;
      Object.assign(delivery.facts, { correlationId: 'c1' });
      delivery.fields.orderId = 'o1';
      return outcome;
    });
    const delivery = aDelivery({
      logger: log.logger.child({ queue: 'work' }),
      receiveCount: 3,
      attempt: 2,
      body: '{"secret":1}',
    });
    expect(await handle(delivery)).toBe(outcome);
    expect(log.lines).toEqual([
      {
        level,
        message: outcome,
        fields: {
          queue: 'work',
          outcome,
          orderId: 'o1',
          correlationId: 'c1',
          durationMs: 25,
          attempt: 2,
          messageId: 'm1',
        },
      },
    ]);
  });

  it('logs a retry in an outage at info, because the breaker warns', async () => {
    const log = createRecordingLogger();
    const handle = withLogLine(ownedTime(() => 0))(async ({ facts }) => {
      facts.outage = true;
      return 'retry';
    });
    await handle(aDelivery({ logger: log.logger }));
    expect(log.lines).toMatchObject([{ level: 'info', message: 'retry', fields: { outage: true } }]);
  });
});
