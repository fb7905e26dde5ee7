import { describe, expect, it } from '@jest/globals';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeSqs } from '@orderflow/testing/aws/fake-sqs';
import { ownedTime } from '@orderflow/testing/owned-time';
import { silentLogger } from '@orderflow/testing/silent-logger';
import type { OutgoingEvent } from '../events/publisher.js';
import { PermanentError } from '../runtime/errors.js';
import { NO_TRACING } from '../telemetry/tracing.js';
import type { Breaker } from './breaker.js';
import type { DeliveryOutcome, Handler } from './delivery.js';
import { createHold } from './hold.js';
import { OutageCounts } from './outage-counts.js';
import { createPipeline } from './pipeline.js';
import { WorkerEnv } from './worker-env.js';

const OUT: OutgoingEvent = { source: 's', type: 'Out', detail: { metadata: { occurredAt: 'now' }, data: {} } };
const EventClass = { type: 'Made', version: 1 } as never;

/** A pipeline around one handler. */
function create(answer: Handler<object>, { busIsAway = false } = {}) {
  const steps: string[] = [];
  const outcomes: DeliveryOutcome[] = [];
  const step =
    (name: string): Handler<object> =>
    (event, delivery) => {
      steps.push(name);
      return answer(event, delivery);
    };
  const registration = { EventClass, handle: step('handle'), exhausted: step('exhausted') };
  const now = () => 0;
  const handleBatch = createPipeline({
    env: new WorkerEnv(),
    sqs: createFakeSqs({ queues: [{ name: 'work' }, { name: 'dead' }] }),
    queue: 'work',
    queueUrl: queueUrlOf('work'),
    deadLetterUrl: queueUrlOf('dead'),
    dispatch: (decoded) => ({ event: {}, registration, decoded }),
    publisher: {
      publish: async ({ type }) => {
        steps.push(`publish ${type}`);
        if (busIsAway) throw new Error('the bus is unavailable');
      },
      flush: async () => undefined,
      beginSpan: () => undefined,
    },
    measured: (next) => next,
    breaker: { state: 'closed', report: () => undefined } as unknown as Breaker,
    outages: new OutageCounts(),
    hold: createHold(),
    tracing: NO_TRACING,
    logger: silentLogger,
    now,
    monotonic: ownedTime(now),
    replayIdOf: (id) => id,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  return async (receiveCount = 1) => {
    const message = { MessageId: 'm1', Body: '{}', Attributes: { ApproximateReceiveCount: String(receiveCount) } };
    const acknowledged = await handleBatch([message]);
    return { outcomes, steps, isAcknowledged: acknowledged.includes(message) };
  };
}

describe('the pipeline', () => {
  it.each(['processed', 'duplicate'] as const)('acknowledges a %s message once its events are out', async (outcome) => {
    const receive = create(async () => ({ outcome, events: [OUT] }));
    expect(await receive()).toEqual({
      outcomes: [outcome],
      steps: ['handle', 'publish Out'],
      isAcknowledged: true,
    });
  });

  it('keeps a message whose event could not be published', async () => {
    const receive = create(async () => ({ outcome: 'processed', events: [OUT] }), { busIsAway: true });
    expect(await receive()).toMatchObject({ outcomes: ['retry'], isAcknowledged: false });
  });

  it('keeps a message whose handler failed', async () => {
    const receive = create(() => Promise.reject(new Error('no')));
    expect(await receive()).toEqual({ outcomes: ['retry'], steps: ['handle'], isAcknowledged: false });
  });

  it('acknowledges a message that it has dead-lettered', async () => {
    const receive = create(() => Promise.reject(new PermanentError('BAD', 'too bad')));
    expect(await receive()).toMatchObject({ outcomes: ['dead-lettered'], isAcknowledged: true });
  });

  it('ends the item of an exhausted message instead of handling it', async () => {
    const receive = create(async () => ({ outcome: 'processed', events: [OUT] }));
    expect(await receive(11)).toEqual({
      outcomes: ['dead-lettered'],
      steps: ['exhausted', 'publish Out'],
      isAcknowledged: true,
    });
  });
});
