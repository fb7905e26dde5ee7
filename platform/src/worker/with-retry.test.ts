import { describe, expect, it } from '@jest/globals';
import { connectionRefused, throttled } from '@orderflow/testing/aws/aws-errors';
import { aDelivery } from '@orderflow/testing/delivery';
import type { Breaker } from './breaker.js';
import { OutageCounts } from './outage-counts.js';
import type { Postponement } from './delivery.js';
import type { Next } from './pipeline.js';
import { HandlerTimeoutError } from './with-timeout.js';
import { retryDelaySeconds, withRetry } from './with-retry.js';

const OPTIONS = { queueUrl: 'url', baseSeconds: 1, maxSeconds: 60 };

type World = { visibilityError?: Error; state?: Breaker['state'] };

function create(next: Next, { visibilityError, state = 'closed' }: World = {}) {
  const reports: unknown[] = [];
  const inputs: unknown[] = [];
  const sqs = {
    send: async ({ input }: { input: unknown }) => {
      inputs.push(input);
      if (visibilityError) throw visibilityError;
      return {};
    },
  };
  const breaker = { state, report: (error: unknown) => reports.push(error) } as unknown as Breaker;
  const outages = new OutageCounts();
  const retried = withRetry(sqs as never, breaker, outages, OPTIONS)(next);
  /** With the attempt that `toDelivery` would count. */
  const handle: Next = (delivery) =>
    retried(Object.assign(delivery, { attempt: delivery.receiveCount - (outages.get(delivery.messageId) ?? 0) }));
  return { handle, reports, inputs };
}

describe('retryDelaySeconds', () => {
  it('is spread over 1 s to a ceiling that doubles with each receive, up to the limit', () => {
    const highest = [1, 2, 3, 4, 5, 6, 7, 8, 20, 2_000].map((count) => retryDelaySeconds(count, OPTIONS, () => 1));
    expect(highest).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    const lowest = [1, 5, 20].map((count) => retryDelaySeconds(count, OPTIONS, () => 0));
    expect(lowest).toEqual([1, 1, 1]);
    expect(retryDelaySeconds(4, OPTIONS, () => 0.5)).toBe(4);
    expect(retryDelaySeconds(3, { baseSeconds: 10, maxSeconds: 900 }, () => 1)).toBe(40);
  });

  it('is a whole number of seconds', () => {
    for (let count = 1; count < 12; count++) {
      expect(Number.isInteger(retryDelaySeconds(count, OPTIONS))).toBe(true);
    }
  });
});

describe('withRetry', () => {
  it('passes on an outcome', async () => {
    const { handle, inputs } = create(async () => 'processed');
    expect(await handle(aDelivery())).toBe('processed');
    expect(inputs).toEqual([]);
  });

  it('delays the redelivery of a message whose handler failed', async () => {
    const error = new Error('no');
    const { handle, reports, inputs } = create(() => Promise.reject(error));
    const delivery = aDelivery({ receiveCount: 1 });
    expect(await handle(delivery)).toBe('retry');
    expect(inputs).toEqual([{ QueueUrl: 'url', ReceiptHandle: 'handle', VisibilityTimeout: 1 }]);
    expect(delivery.facts).toEqual({ err: error, delaySeconds: 1 });
    expect(reports).toEqual([]);
  });

  it('reports an outage', async () => {
    const error = throttled();
    const { handle, reports } = create(() => Promise.reject(error));
    const delivery = aDelivery();
    expect(await handle(delivery)).toBe('retry');
    expect(reports).toEqual([error]);
    expect(delivery.facts).toEqual({ err: error, outage: true, delaySeconds: 1 });
  });

  it('does not count a receive that ended in an outage as an attempt', async () => {
    const attempts: number[] = [];
    const answers: (() => Promise<'processed'>)[] = [
      () => Promise.reject(connectionRefused()),
      () => Promise.reject(new Error('no')),
      () => Promise.reject(connectionRefused()),
      () => Promise.resolve('processed'),
    ];
    const { handle } = create(({ attempt }) => {
      attempts.push(attempt);
      return answers.shift()!();
    });
    for (const receiveCount of [1, 2, 3, 4]) await handle(aDelivery({ receiveCount }));
    expect(attempts).toEqual([1, 1, 2, 2]);
  });

  it.each<[Breaker['state'], number]>([
    ['closed', 2],
    ['open', 1],
    ['half-open', 1],
  ])('classifies a handler timeout while the breaker is %s', async (state, next) => {
    const attempts: number[] = [];
    const { handle, reports } = create(
      ({ attempt }) => {
        attempts.push(attempt);
        return Promise.reject(new HandlerTimeoutError('too slow'));
      },
      { state },
    );
    await handle(aDelivery({ receiveCount: 1 }));
    await handle(aDelivery({ receiveCount: 2 }));
    expect(attempts).toEqual([1, next]);
    expect(reports).toEqual([]);
  });

  it('counts outages per message', async () => {
    const attempts: number[] = [];
    const { handle } = create(async ({ attempt, messageId }) => {
      attempts.push(attempt);
      if (messageId === 'm1') throw connectionRefused();
      return 'processed';
    });
    await handle(aDelivery({ messageId: 'm1' }));
    await handle(aDelivery({ messageId: 'm2', receiveCount: 2 }));
    await handle(aDelivery({ messageId: 'm1', receiveCount: 2 }));
    expect(attempts).toEqual([1, 2, 1]);
  });

  it('returns retry even if the queue does not answer', async () => {
    const error = new Error('no');
    const visibilityError = connectionRefused();
    const { handle, reports } = create(() => Promise.reject(error), { visibilityError });
    const delivery = aDelivery();
    expect(await handle(delivery)).toBe('retry');
    expect(reports).toEqual([visibilityError]);
    expect(delivery.facts).toEqual({
      err: error,
      delaySeconds: undefined,
      visibilityError: visibilityError.message,
    });
  });
});

describe('the item that a failed delivery has claimed', () => {
  const failing = (error: Error, postpone: (postponement: Postponement) => Promise<void>) => {
    const { handle } = create((delivery) => {
      delivery.claim.postpone = postpone;
      return Promise.reject(error);
    });
    return handle;
  };

  it.each([
    ['its name', new RangeError('no route to db-7.internal for jo@example.com'), 'RangeError'],
    ['its name and code', Object.assign(new Error('key sk_live_1'), { code: 'E_DECLINED' }), 'Error (E_DECLINED)'],
    ['nothing that is no name', Object.assign(new Error('x'), { name: 'no db-7, sorry', code: 'at db-7' }), 'Error'],
    ['nothing that is no text', Object.assign(new Error('x'), { name: undefined, code: 7 }), 'Error'],
    ['nothing that breaks', Object.assign(new Error('x'), { name: Symbol('x'), code: 'E_GONE' }), 'Error (E_GONE)'],
    ['nothing of any length', Object.assign(new Error('x'), { name: 'x'.repeat(5_000), code: '' }), 'Error'],
    ['a code once', Object.assign(new Error('x'), { name: 'E_GONE', code: 'E_GONE' }), 'E_GONE'],
  ])("records the delay, and %s instead of the error's text", async (_, error, reason) => {
    const told: Postponement[] = [];
    const delivery = aDelivery();
    await failing(error, async (postponement) => void told.push(postponement))(delivery);
    expect(told).toEqual([{ delaySeconds: 1, reason }]);
    expect(delivery.facts.err).toBe(error);
  });

  it('is not updated in an outage', async () => {
    const told: unknown[] = [];
    await failing(connectionRefused(), async (postponement) => void told.push(postponement))(aDelivery());
    expect(told).toEqual([]);
  });

  it('is retried even if the retry cannot be recorded', async () => {
    const delivery = aDelivery();
    const handle = failing(new Error('no'), () => Promise.reject(new Error('not now')));
    expect(await handle(delivery)).toBe('retry');
    expect(delivery.facts).toMatchObject({ delaySeconds: 1, timelineError: 'not now' });
  });
});
