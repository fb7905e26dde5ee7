import {
  DEAD_LETTER_QUEUES,
  type DeadLetterList,
  type DeadLetterQueue,
  type DeadLetterSummary,
  type ResourceNames,
} from '@orderflow/contracts';
import {
  deadLetterQueueName,
  toDeadLetter,
  toDeadLetterSummary,
  type DeadLetter,
} from '@orderflow/domain/dead-letters/dead-letter';
import { decideReplay, refusalOfLetter, subjectOf, type Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import type { MonotonicClock, Stopwatch } from '@orderflow/platform/runtime/clock';
import { peekQueue } from '@orderflow/platform/aws/peek-queue';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import { whyMalformed } from '@orderflow/platform/events/decode';
import { readAttributes } from '@orderflow/platform/worker/message-attributes';

const HOLDS_MS = 2_000;
const MAX_TEXT_LENGTH = 500;

type Dependencies = {
  aws: Pick<AwsClients, 'sqs' | 'polling'>;
  urlOf: (queue: string) => Promise<string>;
  names: ResourceNames;
  orders: TableReader;
  notifications: TableReader;
  monotonic: MonotonicClock;
};

/** Copies the text: a slice would keep the whole message in memory. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = Array.from(value.slice(0, MAX_TEXT_LENGTH + 1));
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH).join('')}…` : text.join('');
}

/** Attributes of a letter can be as long as a message. */
function bounded(summary: DeadLetterSummary): DeadLetterSummary {
  const entries = Object.entries(summary).map(([name, value]) => [name, copyOf(value)] as const);
  return Object.assign(summary, Object.fromEntries(entries));
}

const inWords = ({ code, reason }: Refusal): string => `${code}: ${reason}`;

/** Shows some dead letters, why they failed, and whether a replay would start anything. */
export function createPeekDeadLetters({ aws, urlOf, names, orders, notifications, monotonic }: Dependencies) {
  /** The orders and notifications of the letters, by id; undefined when the tables cannot be read. */
  async function itemsOf(letters: DeadLetter[]): Promise<Map<string, { lastReplayId?: unknown }> | undefined> {
    const idsOf = (wanted: 'order' | 'notification') => [
      ...new Set(letters.map(({ body }) => subjectOf(body)).flatMap(({ what, id }) => (what === wanted ? [id] : []))),
    ];
    try {
      const [foundOrders, foundNotifications] = await Promise.all([
        orders.getMany(idsOf('order'), ['lastReplayId']),
        notifications.getMany(idsOf('notification'), ['lastReplayId']),
      ]);
      return new Map([
        ...foundOrders.map((item) => [String(item.orderId), item] as const),
        ...foundNotifications.map((item) => [String(item.notificationId), item] as const),
      ]);
    } catch {
      return undefined;
    }
  }

  /** Uses the same rules as the operator's replay. */
  async function whyNotReplayed(letters: DeadLetter[]): Promise<Map<DeadLetter, string>> {
    const refused = new Map<DeadLetter, string>();
    for (const letter of letters) {
      const refusal = refusalOfLetter(letter, { whyMalformed });
      if (refusal) refused.set(letter, inWords(refusal));
    }
    const readable = letters.filter((letter) => !refused.has(letter));
    const items = await itemsOf(readable);
    for (const letter of items ? readable : []) {
      const decision = decideReplay(letter, items?.get(subjectOf(letter.body).id));
      if (decision === 'past') refused.set(letter, 'its replay has started what it is about already');
      else if (decision !== 'send') refused.set(letter, inWords(decision));
    }
    return refused;
  }

  async function peek(queue: DeadLetterQueue): Promise<{ letters: DeadLetterSummary[]; visible: number }> {
    const { messages, visible } = await peekQueue(aws, await urlOf(deadLetterQueueName(names, queue)));
    const letters = messages.map((message) =>
      toDeadLetter(message, readAttributes(message.MessageAttributes), queue, names),
    );
    const refused = await whyNotReplayed(letters);
    return {
      letters: letters.map((letter) => bounded(toDeadLetterSummary(letter, refused.get(letter)))),
      visible,
    };
  }

  async function peekAll(): Promise<DeadLetterList> {
    const found: DeadLetterSummary[] = [];
    let total = 0;
    // One queue at a time: ten messages may take 10 MB until their bodies are dropped.
    for (const queue of DEAD_LETTER_QUEUES) {
      const { letters, visible } = await peek(queue);
      found.push(...letters);
      total += Math.max(visible, letters.length);
    }
    const distinct = new Map(found.map((letter) => [`${letter.queue} ${letter.originalMessageId}`, letter]));
    return { items: [...distinct.values()].sort((a, b) => (a.firstReceivedAt < b.firstReceivedAt ? -1 : 1)), total };
  }

  let latest: { ageMs: Stopwatch; list: Promise<DeadLetterList> } | undefined;
  let looking = false;
  /**
   * At most ten letters per queue, oldest first, each message once. One look serves the requests of two seconds.
   */
  return (): Promise<DeadLetterList> => {
    if (!latest || (!looking && latest.ageMs() >= HOLDS_MS)) {
      looking = true;
      const list = peekAll().finally(() => {
        looking = false;
      });
      latest = { ageMs: monotonic.startStopwatch(), list };
    }
    return latest.list;
  };
}

export const PEEK_DEAD_LETTERS = Symbol('PEEK_DEAD_LETTERS');
export type PeekDeadLetters = ReturnType<typeof createPeekDeadLetters>;
