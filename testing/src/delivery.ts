import type { Delivery } from '@orderflow/platform/worker/delivery';
import { silentLogger } from './silent-logger.js';

const MAX_ATTEMPTS = 10;

/** The delivery of a message's first receive. */
export function aDelivery(change: Partial<Delivery> = {}): Delivery {
  const receiveCount = change.receiveCount ?? 1;
  return {
    messageId: 'm1',
    receiptHandle: 'handle',
    body: '{}',
    receiveCount,
    attempt: Math.min(receiveCount, MAX_ATTEMPTS),
    isExhausted: receiveCount > MAX_ATTEMPTS,
    sentAt: 1_000,
    firstReceivedAt: 2_000,
    replayId: undefined,
    replayCount: 0,
    foreign: {},
    signal: new AbortController().signal,
    facts: {},
    fields: {},
    claim: {},
    logger: silentLogger,
    ...change,
  };
}
