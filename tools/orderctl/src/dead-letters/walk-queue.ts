import {
  ChangeMessageVisibilityBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type ReceiveMessageCommandOutput,
} from '@aws-sdk/client-sqs';
import type { Sqs } from '@orderflow/platform/aws/clients';
import { Fingerprints } from '../fingerprints.js';
import { countQueue } from '@orderflow/platform/aws/queues';

export type WalkDependencies = {
  /** Receives. */
  polling: Sqs;
  sqs: Sqs;
  /** Monotonic ms. */
  elapsedMs: () => number;
};

export type WalkOptions = {
  queueUrl: string;
  /** Ends the walk early. Received messages are still released. */
  signal?: AbortSignal | undefined;
  /**
   * Called concurrently with messages that are new to the walk.
   * @returns the receipt handles of those that are gone from the queue
   */
  visit: (messages: Message[]) => Promise<ReadonlySet<string>> | ReadonlySet<string>;
  /** Kept receipt handles, to make messages visible again at once. */
  keptHandles?: number;
};

export type WalkEnd = {
  /** Distinct messages. */
  met: number;
  /** `elapsedMs` at which the last unreleased message reappears; 0 if all were released. */
  hiddenUntil: number;
};

const LANES = 4;
/** Messages per call. */
const BATCH = 10;
/** Long polls ask all servers of a queue. Short polls may miss messages. */
const WAIT_SECONDS = 1;
const KEPT_HANDLES = 20_000;
/** Extra visibility timeout beyond the walk. */
const MARGIN_SECONDS = 30;
const LONGEST_SECONDS = 3_600;
/** Assumed messages per second before the first measurement. */
const ASSUMED_RATE = 200;
/** After this many batches without new messages, the walk is complete. */
const MAX_STALE_BATCHES = 3;
export const NOTHING: ReadonlySet<string> = new Set();

/**
 * Visits each message of a dead-letter queue once, and releases the remaining ones. A message stays hidden until the
 * walk has probably ended, so later messages are hidden for a shorter time. Memory: 8 bytes per message, and a bounded
 * number of receipt handles.
 */
export async function walkQueue(
  { polling, sqs, elapsedMs }: WalkDependencies,
  { queueUrl, signal, visit, keptHandles = KEPT_HANDLES }: WalkOptions,
): Promise<WalkEnd> {
  const { visible } = await countQueue(sqs, queueUrl);
  const startedAt = elapsedMs();
  const known = new Fingerprints();
  const handles = new Set<string>();
  let hiddenUntil = 0;
  const isAborted = () => signal?.aborted ?? false;

  function hideSeconds(): number {
    const elapsedSeconds = (elapsedMs() - startedAt) / 1_000;
    const rate = known.size > 1_000 && elapsedSeconds > 1 ? known.size / elapsedSeconds : ASSUMED_RATE;
    const restSeconds = (2 * Math.max(0, visible - known.size)) / rate;
    return Math.min(LONGEST_SECONDS, Math.ceil(MARGIN_SECONDS + restSeconds));
  }

  function keep(messages: readonly Message[], gone: ReadonlySet<string>, visibleAgainAt: number): void {
    for (const { ReceiptHandle: handle } of messages) {
      if (handle === undefined || gone.has(handle)) continue;
      if (handles.size < keptHandles) handles.add(handle);
      else hiddenUntil = Math.max(hiddenUntil, visibleAgainAt);
    }
  }

  async function lane(): Promise<void> {
    let stale = 0;
    while (!isAborted() && stale < MAX_STALE_BATCHES) {
      const seconds = hideSeconds();
      const answer: ReceiveMessageCommandOutput = await polling.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: BATCH,
          WaitTimeSeconds: WAIT_SECONDS,
          VisibilityTimeout: seconds,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      const messages = answer.Messages ?? [];
      if (messages.length === 0) return;
      const fresh = messages.filter(({ MessageId: id = '' }) => known.add(id));
      stale = fresh.length === 0 ? stale + 1 : 0;
      let gone = NOTHING;
      try {
        // After an interruption, release the batch without visiting it.
        if (fresh.length > 0 && !isAborted()) gone = await visit(fresh);
      } finally {
        keep(messages, gone, elapsedMs() + seconds * 1_000);
      }
    }
  }

  try {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
    const failed = lanes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    await giveBack(sqs, queueUrl, handles);
  }
  return { met: known.size, hiddenUntil };
}

/** Makes messages visible again. SQS rejects deleted or visible ones, which is harmless. */
async function giveBack(sqs: Sqs, queueUrl: string, handles: ReadonlySet<string>): Promise<void> {
  const all = [...handles];
  const lane = async (): Promise<void> => {
    for (let chunk = all.splice(0, BATCH); chunk.length > 0; chunk = all.splice(0, BATCH)) {
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
