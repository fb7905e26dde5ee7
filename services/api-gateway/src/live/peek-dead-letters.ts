import { Injectable } from '@nestjs/common';
import {
  DEAD_LETTER_QUEUES,
  type DeadLetterList,
  type DeadLetterQueue,
  type DeadLetterSummary,
} from '@orderflow/contracts';
import { copyStart } from '@orderflow/domain/copied-text';
import {
  deadLetterQueueName,
  toDeadLetter,
  toDeadLetterSummary,
  type DeadLetter,
} from '@orderflow/domain/dead-letters/dead-letter';
import { decideReplay, DECIDING_FIELDS, refusalOfLetter, subjectOf } from '@orderflow/domain/dead-letters/replay-rules';
import type { Stopwatch } from '@orderflow/platform/runtime/clock';
import { peekQueue } from '@orderflow/platform/aws/queues';
import { whyMalformed } from '@orderflow/platform/events/decode';
import { compareOutcome, type ReportedOutcome } from '@orderflow/platform/work-item/stored-outcome';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';
import { Queues } from '../infrastructure/queues.js';
import { Notifications, Orders, type StoredItems } from '../infrastructure/stored-items.js';
import { AwsClients, MonotonicClock, ResourceNames } from '../infrastructure/tokens.js';

type Item = Record<string, unknown>;

const HOLDS_MS = 2_000;
const MAX_TEXT_LENGTH = 500;

function copyOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const start = copyStart(value, MAX_TEXT_LENGTH);
  return start.length < value.length ? `${start}…` : start;
}

/** Attributes of a letter can be as long as a message. */
function bounded(summary: DeadLetterSummary): DeadLetterSummary {
  const entries = Object.entries(summary).map(([name, value]) => [name, copyOf(value)] as const);
  return Object.assign(summary, Object.fromEntries(entries));
}

/** Shows some dead letters, why they failed, and whether a replay would start anything. */
@Injectable()
export class PeekDeadLetters {
  private latest: { ageMs: Stopwatch; list: Promise<DeadLetterList> } | undefined;
  private isLooking = false;

  constructor(
    private readonly aws: AwsClients,
    private readonly names: ResourceNames,
    private readonly queues: Queues,
    private readonly orders: Orders,
    private readonly notifications: Notifications,
    private readonly monotonic: MonotonicClock,
  ) {}

  /** At most ten letters per queue, oldest first, each message once. One look serves the requests of two seconds. */
  list(): Promise<DeadLetterList> {
    if (!this.latest || (!this.isLooking && this.latest.ageMs() >= HOLDS_MS)) {
      this.isLooking = true;
      const list = this.peekAll().finally(() => {
        this.isLooking = false;
      });
      this.latest = { ageMs: this.monotonic.startStopwatch(), list };
    }
    return this.latest.list;
  }

  private async peekAll(): Promise<DeadLetterList> {
    const found: DeadLetterSummary[] = [];
    let total = 0;
    // One queue at a time: ten messages may take 10 MB until their bodies are dropped.
    for (const queue of DEAD_LETTER_QUEUES) {
      const { letters, visible } = await this.peek(queue);
      found.push(...letters);
      total += Math.max(visible, letters.length);
    }
    const distinct = new Map(found.map((letter) => [`${letter.queue} ${letter.originalMessageId}`, letter]));
    return { items: [...distinct.values()].sort((a, b) => (a.firstReceivedAt < b.firstReceivedAt ? -1 : 1)), total };
  }

  private async peek(queue: DeadLetterQueue): Promise<{ letters: DeadLetterSummary[]; visible: number }> {
    const url = await this.queues.urlOf(deadLetterQueueName(this.names, queue));
    const { messages, visible } = await peekQueue(this.aws, url);
    const letters = messages.map((message) =>
      toDeadLetter(message, readAttributes(message.MessageAttributes), queue, this.names),
    );
    const refused = await this.whyNotReplayed(letters);
    return { letters: letters.map((letter, index) => bounded(toDeadLetterSummary(letter, refused[index]))), visible };
  }

  /** Applies the rules of the operator's replay. One result per letter. */
  private async whyNotReplayed(letters: DeadLetter[]): Promise<(string | undefined)[]> {
    const refusals = letters.map((letter) => refusalOfLetter(letter, { whyMalformed }));
    const items = await this.itemsOf(letters.filter((_, index) => !refusals[index]));
    const rules = {
      compareOutcome: (order: Item, reported: ReportedOutcome) => compareOutcome(this.orders.table, order, reported),
    };
    return letters.map((letter, index) => {
      const decision =
        refusals[index] ?? (items ? decideReplay(letter, items.get(subjectOf(letter.body).id), rules) : 'send');
      if (decision === 'send') return undefined;
      if (decision === 'past') return 'its replay has already started its item';
      return `${decision.code}: ${decision.reason}`;
    });
  }

  /** The orders and notifications of the letters, by id; undefined when the tables cannot be read. */
  private async itemsOf(letters: DeadLetter[]): Promise<Map<string, Item> | undefined> {
    const subjects = letters.map(({ body }) => subjectOf(body));
    const read = async ({ table, reader }: StoredItems, wanted: 'order' | 'notification') => {
      const ids = new Set(subjects.filter(({ what }) => what === wanted).map(({ id }) => id));
      const items = await reader.getMany([...ids], DECIDING_FIELDS[wanted]);
      return items.map((item) => [String(item[table.key]), item] as const);
    };
    try {
      const found = await Promise.all([read(this.orders, 'order'), read(this.notifications, 'notification')]);
      return new Map(found.flat());
    } catch {
      return undefined;
    }
  }
}
