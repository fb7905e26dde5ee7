import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createMonotonicClock } from '../runtime/clock.js';
import { aDelivery } from '@orderflow/testing/delivery';
import type { DeliveryOutcome } from './delivery.js';
import { HandlerTimeoutError, withTimeout } from './with-timeout.js';

const monotonic = createMonotonicClock();

describe('withTimeout', () => {
  it('passes on a result that comes in time, and does not abort the signal', async () => {
    let signal: AbortSignal | undefined;
    const handle = withTimeout(
      60_000,
      monotonic,
    )(async (delivery) => {
      signal = delivery.signal;
      return 'processed';
    });
    expect(await handle(aDelivery())).toBe('processed');
    expect(signal?.aborted).toBe(false);
  });

  it('passes on an error that comes in time', async () => {
    const error = new Error('no');
    await expect(withTimeout(60_000, monotonic)(() => Promise.reject(error))(aDelivery())).rejects.toBe(error);
  });

  it('aborts the signal and fails when the time is up', async () => {
    let signal: AbortSignal | undefined;
    const handle = withTimeout(
      5,
      monotonic,
    )((delivery) => {
      signal = delivery.signal;
      return new Promise<never>(() => undefined);
    });
    await expect(handle(aDelivery())).rejects.toThrow(new HandlerTimeoutError('the handler did not end within 5 ms'));
    expect(signal?.reason).toBeInstanceOf(HandlerTimeoutError);
  });

  it('shares the facts with the handler, and ignores a handler that fails late', async () => {
    const delivery = aDelivery();
    const late = withTimeout(
      5,
      monotonic,
    )(async ({ facts, signal }): Promise<DeliveryOutcome> => {
      facts.outage = true;
      if (!signal.aborted) await once(signal, 'abort');
      throw new Error('too late to matter');
    });
    await expect(late(delivery)).rejects.toThrow(HandlerTimeoutError);
    expect(delivery.facts).toEqual({ outage: true });
  });
});
