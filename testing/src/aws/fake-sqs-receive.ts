import type { Message, ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import { aborted } from './aws-errors.js';
import { LONGEST_VISIBILITY_SECONDS, type FakeQueue, type StoredMessage } from './fake-queue.js';
import { invalidValue } from './sqs-errors.js';

/** A long poll looks again this often, because no timer follows a test's clock. */
const LOOK_AGAIN_MS = 10;

function integerBetween(value: number | undefined, parameter: string, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw invalidValue(value, parameter, `Must be an integer between ${least} and ${most}, if provided.`);
}

/** The values that were asked for. */
function select<Value>(values: Record<string, Value | undefined>, wanted: readonly string[]): Record<string, Value> {
  const entries = Object.entries(values).filter(
    ([name, value]) => value !== undefined && (wanted.includes('All') || wanted.includes(name)),
  );
  return Object.fromEntries(entries) as Record<string, Value>;
}

function toMessage(stored: StoredMessage, input: ReceiveMessageCommandInput): Message {
  const attributes = select(
    {
      SenderId: '000000000000',
      SentTimestamp: String(stored.sentAtMs),
      ApproximateReceiveCount: String(stored.receiveCount),
      ApproximateFirstReceiveTimestamp: String(stored.firstReceivedAtMs),
      DeadLetterQueueSourceArn: stored.deadLetterSourceArn,
    },
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- sqs-consumer still sends the older name
    [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])],
  );
  const messageAttributes = select(stored.attributes, input.MessageAttributeNames ?? []);
  return {
    MessageId: stored.id,
    ReceiptHandle: stored.receiptHandle,
    Body: stored.body,
    ...(Object.keys(attributes).length > 0 ? { Attributes: attributes } : {}),
    ...(Object.keys(messageAttributes).length > 0 ? { MessageAttributes: messageAttributes } : {}),
  };
}

/** Resolves when a message arrives or the time has passed. @throws AbortError */
async function arrival(queue: FakeQueue, longestMs: number, abortSignal: AbortSignal | undefined): Promise<void> {
  let stopListening: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  let abort: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      stopListening = queue.onArrival(resolve);
      timer = setTimeout(resolve, longestMs);
      abort = () => {
        reject(aborted());
      };
      abortSignal?.addEventListener('abort', abort);
    });
  } finally {
    stopListening();
    clearTimeout(timer);
    abortSignal?.removeEventListener('abort', abort);
  }
}

/** Waits in real time rather than by the queue's clock, so that an empty long poll always ends. */
export async function receive(
  queue: FakeQueue,
  input: ReceiveMessageCommandInput,
  options: { abortSignal: AbortSignal | undefined; longestPollMs: number },
): Promise<{ Messages?: Message[] }> {
  integerBetween(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, 10);
  integerBetween(input.WaitTimeSeconds, 'WaitTimeSeconds', 0, 20);
  integerBetween(input.VisibilityTimeout, 'VisibilityTimeout', 0, LONGEST_VISIBILITY_SECONDS);
  const endsAtMs = performance.now() + Math.min((input.WaitTimeSeconds ?? 0) * 1_000, options.longestPollMs);
  for (;;) {
    const received = queue.receive(input.MaxNumberOfMessages ?? 1, input.VisibilityTimeout);
    // Like SQS, which omits an empty list.
    if (received.length > 0) return { Messages: received.map((message) => toMessage(message, input)) };
    const leftMs = endsAtMs - performance.now();
    if (leftMs <= 0) return {};
    await arrival(queue, Math.min(leftMs, LOOK_AGAIN_MS), options.abortSignal);
  }
}
