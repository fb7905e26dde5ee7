import { setImmediate } from 'node:timers/promises';
import {
  DeleteMessageCommand,
  type MessageAttributeValue,
  type ReceiveMessageCommandOutput,
} from '@aws-sdk/client-sqs';
import type { Sqs } from '@orderflow/platform/aws/clients';
import type { Delivery, DeliveryOutcome } from '@orderflow/platform/worker/delivery';
import { queueUrlOf } from './aws/arns.js';
import { createFakeAws } from './aws/fake-aws.js';
import type { RuleSettings } from './aws/fake-eventbridge.js';
import { keyedTable } from './aws/fake-table.js';
import { ownedTime } from './owned-time.js';
import { eventually } from './eventually.js';
import { createRecordingLogger } from './recording-logger.js';

type Topology = {
  queue: string;
  deadLetterQueue: string;
  table: { name: string; key: string };
  otherTables?: readonly { name: string; key: string }[];
  rules: readonly (Omit<RuleSettings, 'queueUrl'> & { queue: string })[];
};

export const START_MS = Date.UTC(2027, 2, 14, 15, 9, 26, 535);

/** Records the outcomes of deliveries; `next` waits for one at a time. */
function createOutcomes() {
  const all: { outcome: DeliveryOutcome; delivery: Delivery }[] = [];
  let taken = 0;
  let wake: () => void = () => undefined;
  const next = async () => {
    for (;;) {
      const entry = all[taken];
      if (entry) {
        taken += 1;
        return entry;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    all,
    record: (outcome: DeliveryOutcome, delivery: Delivery) => {
      all.push({ outcome, delivery });
      wake();
    },
    next: async () => (await next()).outcome,
    take: async (count: number) => {
      const outcomes: DeliveryOutcome[] = [];
      while (outcomes.length < count) outcomes.push((await next()).outcome);
      return outcomes;
    },
  };
}

/** A worker's surroundings in memory: its tables, its queues and the bus, and a clock that only the test moves. */
export function createWorkerSystem({ queue, deadLetterQueue, table, otherTables = [], rules }: Topology) {
  let nowMs = START_MS;
  const now = () => nowMs;
  const queues = new Set([queue, ...rules.map((rule) => rule.queue)]);
  const aws = createFakeAws({
    now,
    longestPollMs: 15,
    tables: [table, ...otherTables].map(({ name, key }) => keyedTable(name, key)),
    queues: [
      ...[...queues].map((name) =>
        name === queue ? { name, redrive: { deadLetter: deadLetterQueue, maxReceiveCount: 20 } } : { name },
      ),
      { name: deadLetterQueue },
    ],
    rules: rules.map(({ queue: target, ...rule }) => ({ ...rule, queueUrl: queueUrlOf(target) })),
  });
  const queueUrl = queueUrlOf(queue);
  const outcomes = createOutcomes();
  let received = 0;
  const receive = aws.sqs.send as unknown as (...parameters: unknown[]) => Promise<ReceiveMessageCommandOutput>;
  const polling = {
    send: async (...parameters: unknown[]) => {
      const output = await receive(...parameters);
      received += output.Messages?.length ?? 0;
      return output;
    },
  } as unknown as Sqs;
  const isIdle = () => {
    const done = outcomes.all.filter(({ outcome }) => outcome !== 'retry').length;
    const deletes = aws.sqs.callsOf('DeleteMessageBatch').flatMap(({ Entries: entries = [] }) => entries);
    // A denied delete is repeated.
    const deleted = new Set(deletes.map(({ ReceiptHandle: handle }) => handle));
    return received === outcomes.all.length && done === deleted.size;
  };

  return {
    aws,
    clients: { ...aws, polling, close: () => undefined },
    log: createRecordingLogger(),
    outcomes,
    now,
    monotonic: ownedTime(now),
    /** Moves the clock so that waiting messages are redelivered, until the queue is empty. */
    untilEmpty: async () => {
      const isSettled = () => isIdle() && aws.sqs.messages(queueUrl).every(({ visibleAtMs }) => visibleAtMs > nowMs);
      for (;;) {
        await eventually(isSettled);
        // The last delete may be in flight.
        for (let turn = 0; turn < 5; turn++) await setImmediate();
        if (aws.sqs.messages(queueUrl).length === 0) return;
        // Time must not pass while messages are in flight: they would be redelivered.
        if (!isSettled()) continue;
        const before = received;
        nowMs += 60_000;
        await eventually(() => received > before);
      }
    },
    pass: (seconds: number) => {
      nowMs += seconds * 1_000;
    },
    /** Puts a message into the worker's queue. @returns its id */
    send: (body: unknown, attributes: Record<string, string | MessageAttributeValue> = {}) =>
      aws.sqs.enqueue(
        queueUrl,
        typeof body === 'string' ? body : JSON.stringify(body),
        Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [
            name,
            typeof value === 'string' ? { DataType: 'String', StringValue: value } : value,
          ]),
        ),
      ),
    /** Redrives the dead letters like the AWS console: new messages with the same bodies and attributes. */
    redrive: () => {
      const deadLetters = aws.sqs.messages(queueUrlOf(deadLetterQueue));
      return deadLetters.map(({ body, attributes }) => aws.sqs.enqueue(queueUrl, body, attributes));
    },
    queued: () => aws.sqs.messages(queueUrl),
    /** Deletes the message that was delivered last, like a purge of the queue. */
    discard: async () => {
      const ReceiptHandle = outcomes.all.at(-1)?.delivery.receiptHandle;
      await aws.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    },
    /** The messages in the dead-letter queue, with their attributes as plain text. */
    deadLetters: () =>
      aws.sqs.messages(queueUrlOf(deadLetterQueue)).map(({ body, attributes }) => ({
        body,
        ...Object.fromEntries(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue])),
      })),
    /** Entries of all PutEvents calls, including failed ones, with parsed details. */
    published: () =>
      aws.eventBridge.callsOf('PutEvents').flatMap(({ Entries: entries = [] }) =>
        entries.map(({ DetailType: type, Source: source, Detail: detail = '{}' }) => ({
          type,
          source,
          detail: JSON.parse(detail) as { metadata: Record<string, unknown>; data: Record<string, unknown> },
        })),
      ),
    item: (id: string) => aws.dynamo.item(table.name, { [table.key]: id }),
  };
}
