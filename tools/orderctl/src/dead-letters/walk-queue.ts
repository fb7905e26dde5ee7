import {
  ChangeMessageVisibilityBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type ReceiveMessageCommandOutput,
} from '@aws-sdk/client-sqs';
import { countQueue } from '@orderflow/platform/aws/queues';
import type { ConnectedSystem } from '../connect.js';
import type { Terminal } from '../terminal.js';

type WalkDependencies = Pick<ConnectedSystem['aws'], 'polling' | 'sqs'> & Pick<Terminal, 'elapsedMs'>;

type WalkOptions = {
  queueUrl: string;
  /** Ends the walk early. Received messages are still released. */
  signal?: AbortSignal;
  /**
   * Called concurrently with messages that are new to the walk.
   * @returns the receipt handles of those that are gone from the queue
   */
  visit: (messages: Message[]) => Promise<Iterable<string>> | Iterable<string> | undefined;
};

const LANES = 4;
/** Messages per call. */
const BATCH = 10;
/** Long polls ask all servers of a queue. Short polls may miss messages. */
const WAIT_SECONDS = 1;
/** Extra visibility timeout beyond the walk. */
const MARGIN_SECONDS = 30;
const LONGEST_SECONDS = 3_600;
/** Assumed messages per second before the first measurement. */
const ASSUMED_RATE = 200;
/** After this many batches without new messages, the walk is complete. */
const MAX_STALE_BATCHES = 3;

/**
 * Visits each message of a dead-letter queue once, and releases the remaining ones. A message stays hidden until the
 * walk has probably ended, so later messages are hidden for a shorter time. Memory grows by one id per message. At most
 * 120,000 messages are held at once, because SQS delivers no more while that many of a queue are in flight.
 */
export async function walkQueue(
  { polling, sqs, elapsedMs }: WalkDependencies,
  { queueUrl, signal, visit }: WalkOptions,
): Promise<void> {
  const { visible } = await countQueue(sqs, queueUrl);
  const startedAt = elapsedMs();
  const known = new Set<string>();
  const handles = new Set<string>();
  const isAborted = () => signal?.aborted ?? false;

  function hideSeconds(): number {
    const elapsedSeconds = (elapsedMs() - startedAt) / 1_000;
    const rate = known.size > 1_000 && elapsedSeconds > 1 ? known.size / elapsedSeconds : ASSUMED_RATE;
    const restSeconds = (2 * Math.max(0, visible - known.size)) / rate;
    return Math.min(LONGEST_SECONDS, Math.ceil(MARGIN_SECONDS + restSeconds));
  }

  async function lane(): Promise<void> {
    let stale = 0;
    while (!isAborted() && stale < MAX_STALE_BATCHES) {
      const { Messages: messages = [] }: ReceiveMessageCommandOutput = await polling.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: BATCH,
          WaitTimeSeconds: WAIT_SECONDS,
          VisibilityTimeout: hideSeconds(),
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      if (messages.length === 0) return;
      for (const { ReceiptHandle: handle = '' } of messages) handles.add(handle);
      const fresh = messages.filter(({ MessageId: id = '' }) => !known.has(id) && known.add(id));
      stale = fresh.length === 0 ? stale + 1 : 0;
      // After an interruption, release the batch without visiting it.
      const gone = fresh.length > 0 && !isAborted() ? await visit(fresh) : undefined;
      for (const handle of gone ?? []) handles.delete(handle);
    }
  }

  try {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
    const failed = lanes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    await giveBack(sqs, queueUrl, [...handles]);
  }
}

/** Makes messages visible again. SQS rejects deleted or visible ones, which is harmless. */
async function giveBack(sqs: WalkDependencies['sqs'], queueUrl: string, handles: string[]): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let chunk = handles.splice(0, BATCH); chunk.length > 0; chunk = handles.splice(0, BATCH)) {
      await sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queueUrl,
          Entries: chunk.map((handle, index) => ({ Id: String(index), ReceiptHandle: handle, VisibilityTimeout: 0 })),
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
