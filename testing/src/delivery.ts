import type { Delivery } from '@orderflow/platform/worker/delivery';
import { silentLogger } from '@orderflow/platform/runtime/logger';

/** The delivery of a message's first receive. */
export function aDelivery(change: Partial<Delivery> = {}): Delivery {
  const receiveCount = change.receiveCount ?? 1;
  return {
    messageId: 'm1',
    receiptHandle: 'handle',
    body: '{}',
    receiveCount,
    attempt: receiveCount,
    sentAt: 1_000,
    firstReceivedAt: 2_000,
    replayId: undefined,
    replayCount: 0,
    foreign: {},
    signal: new AbortController().signal,
    facts: {},
    fields: {},
    held: {},
    logger: silentLogger,
    ...change,
  };
}
