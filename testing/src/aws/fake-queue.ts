import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { queueArnOf, queueUrlOf } from './arns.js';
import { invalidValue, messageNotInflight, receiptHandleIsInvalid } from './sqs-errors.js';

export type QueueSettings = {
  name: string;
  /** Default 30. */
  visibilityTimeoutSeconds?: number;
  /** `deadLetter` is the name of another queue of the same fake. */
  redrive?: { deadLetter: string; maxReceiveCount: number };
};

export type StoredMessage = {
  id: string;
  body: string;
  attributes: Record<string, MessageAttributeValue>;
  sentAtMs: number;
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  /** From the latest receive: earlier ones are stale. */
  receiptHandle: string | undefined;
  deadLetterSourceArn: string | undefined;
};

export const LONGEST_VISIBILITY_SECONDS = 43_200;
const HANDLE_PREFIX = 'fake-handle:';

/** A handle contains its message's id, so that the fake can distinguish a stale handle from an invalid one. */
function handleFor(messageId: string): string {
  return Buffer.from(`${HANDLE_PREFIX}${messageId}:${randomUUID()}`).toString('base64');
}

function messageIdOf(handle: string): string {
  const text = Buffer.from(handle, 'base64').toString();
  if (!text.startsWith(HANDLE_PREFIX)) throw receiptHandleIsInvalid(handle);
  return text.slice(HANDLE_PREFIX.length).split(':', 1)[0] ?? '';
}

/** A standard queue. It delivers in order, which SQS does not promise. */
export class FakeQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  private messages: StoredMessage[] = [];
  private readonly arrivalListeners = new Set<() => void>();

  constructor(
    readonly settings: QueueSettings,
    private readonly now: Clock,
    private readonly deadLetterQueue: () => FakeQueue | undefined,
  ) {
    this.name = settings.name;
    this.url = queueUrlOf(settings.name);
    this.arn = queueArnOf(settings.name);
  }

  send(body: string, attributes: StoredMessage['attributes']): string {
    const now = this.now();
    const id = randomUUID();
    this.arrive({
      id,
      body,
      attributes,
      sentAtMs: now,
      visibleAtMs: now,
      receiveCount: 0,
      firstReceivedAtMs: undefined,
      receiptHandle: undefined,
      deadLetterSourceArn: undefined,
    });
    return id;
  }

  /** Receives up to `most` visible messages. After maxReceiveCount receives, a message moves to the dead-letter queue. */
  receive(most: number, visibilitySeconds = this.settings.visibilityTimeoutSeconds ?? 30): StoredMessage[] {
    const received: StoredMessage[] = [];
    const now = this.now();
    for (const message of [...this.messages]) {
      if (received.length === most) break;
      if (message.visibleAtMs > now || this.moveToDeadLetterQueue(message)) continue;
      message.receiveCount += 1;
      message.firstReceivedAtMs ??= now;
      message.visibleAtMs = now + visibilitySeconds * 1_000;
      message.receiptHandle = handleFor(message.id);
      received.push({ ...message });
    }
    return received;
  }

  /** As in SQS, deleting a deleted message succeeds, and so does a stale handle, which deletes nothing. */
  delete(handle: string): void {
    const id = messageIdOf(handle);
    this.messages = this.messages.filter((message) => message.id !== id || message.receiptHandle !== handle);
  }

  changeVisibility(handle: string, seconds: number): void {
    const id = messageIdOf(handle);
    const message = this.messages.find((stored) => stored.id === id);
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_VISIBILITY_SECONDS) {
      throw invalidValue(seconds, 'VisibilityTimeout', 'Must be an integer between 0 and 43200.');
    }
    if (message?.receiptHandle !== handle) {
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw invalidValue(handle, 'ReceiptHandle', reason);
    }
    if (message.visibleAtMs <= this.now()) throw messageNotInflight();
    message.visibleAtMs = this.now() + seconds * 1_000;
    if (seconds === 0) this.notify();
  }

  counts(): { visible: number; inFlight: number } {
    const inFlight = this.messages.filter(({ visibleAtMs }) => visibleAtMs > this.now()).length;
    return { visible: this.messages.length - inFlight, inFlight };
  }

  contents(): StoredMessage[] {
    return this.messages.map((message) => ({ ...message }));
  }

  /** @returns how to stop listening */
  onArrival(listener: () => void): () => void {
    this.arrivalListeners.add(listener);
    return () => this.arrivalListeners.delete(listener);
  }

  private moveToDeadLetterQueue(message: StoredMessage): boolean {
    const deadLetterQueue = this.deadLetterQueue();
    if (!deadLetterQueue || message.receiveCount < (this.settings.redrive?.maxReceiveCount ?? Infinity)) return false;
    this.messages = this.messages.filter(({ id }) => id !== message.id);
    // The id, the send time and the receive count stay. The time of the first receive is reset.
    deadLetterQueue.arrive({
      ...message,
      visibleAtMs: this.now(),
      firstReceivedAtMs: undefined,
      receiptHandle: undefined,
      deadLetterSourceArn: this.arn,
    });
    return true;
  }

  private arrive(message: StoredMessage): void {
    this.messages.push(message);
    this.notify();
  }

  private notify(): void {
    for (const listener of [...this.arrivalListeners]) listener();
  }
}
