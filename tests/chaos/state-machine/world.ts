import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { StatementExecutor } from '@orderflow/platform/dynamodb/executor';
import type { Judge, Sent } from './judge.js';
import { actionOf } from './action-of.js';
import type { Result } from './model.js';
import type { Item, Subject } from './subjects.js';
import { createTurns, type Turns } from './turns.js';
import { demand, Violation } from './violation.js';

export const LEASE_MS = 30_000;
/** A lease protects its holder while clocks differ by no more than this. */
export const SKEW_MS = 1_000;
export const MARKER_DELAY_MS = 5_000;
export const STARTED_AT = Date.UTC(2026, 10, 1);

/** A message of the queue. It is redelivered until a delivery succeeds, and sometimes after that. */
export type Message = Pick<Actor, 'replayId'> & { id: string; says: string; isDeleted: boolean };

/** What a forged message says. */
export const FORGED = 'forged';

/** The event of an outcome, in the queue of a consumer that must confirm it. */
export type Notice = { consumer: string; version: number };

/** A sender of statements: a delivery, a sweeper, a consumer that confirms, or a client that repeats its POST. */
export type Actor = {
  name: string;
  messageId: string;
  replayId: string | undefined;
  /** Whether it ends the life instead of working. */
  givesUp: boolean;
  /** The content hash of its message's event; undefined if it has no message. */
  says: string | undefined;
  /** The version that it last saw. */
  knownVersion: number;
  /** The token of its claim. */
  token: string;
  /** The result of its work. */
  result: Result;
  /** The version that an operator has seen. */
  seenVersion: number;
  /** The version of the outcome that `consumer` confirms. */
  confirms: number;
  consumer: string;
  hasFinished: boolean;
};

/** One item and all its actors. */
export type World = {
  subject: Subject;
  id: string;
  /** The item as its insert left it. */
  record: Item;
  judge: Judge;
  turns: Turns;
  clock: { now: number };
  messages: Message[];
  notices: Notice[];
  /** Which consumers have received which versions, as "<consumer> v<version>". */
  received: Set<string>;
  /** The outcome of each life. The last one also applies to all later lives. */
  outcomes: readonly Result[];
  tally: { receives: number; works: number; statements: number; lives: number; finishes: number };
  log: string[];
  send: (replayId?: string, says?: string) => Message;
  newActor: (actor: Pick<Actor, 'name'> & Partial<Actor>) => Actor;
  executorOf: (actor: Actor) => StatementExecutor;
  /** Publishes an event. If it is swallowed, the bus accepts it without delivering it. */
  publish: (event: OutgoingEvent, isSwallowed?: boolean) => void;
  /** Runs an actor. Unexpected errors are kept for `check`. */
  start: (running: Promise<void>) => void;
  /** @throws the first unexpected error, preferably a violation */
  check: () => void;
};

export type Seam = (executor: StatementExecutor, clock: { readonly now: number }) => StatementExecutor;

type WorldOptions = {
  subject: Subject;
  id: string;
  judge: Judge;
  outcomes: readonly Result[];
  /** Wraps the statements of all actors, so that an ablation can remove a protection. */
  seam: Seam;
};

export function createWorld({ subject, id, judge, outcomes, seam }: WorldOptions): World {
  const log: string[] = [];
  const failures: unknown[] = [];
  const fail = (error: unknown): void => {
    failures.push(error);
  };
  const clock = { now: STARTED_AT };
  const turns = createTurns((line) => log.push(`+${clock.now - STARTED_AT} ms ${line}`), fail);
  const messages: Message[] = [];
  const events = new Map<string, string>();
  const tally = { receives: 0, works: 0, statements: 0, lives: 1, finishes: 0 };

  const notices: Notice[] = [];
  const record = judge.item();

  const real = String(subject.table.createdEventOf(record).detail.metadata.contentHash);

  function send(replayId?: string, says = real): Message {
    const message = { id: `m${messages.length + 1}`, replayId, says, isDeleted: false };
    messages.push(message);
    return message;
  }

  /** A republished event must have the same bytes. */
  function noteEvent({ type, detail }: OutgoingEvent): void {
    const { eventId = '' } = detail.metadata as { eventId?: string };
    const text = JSON.stringify(detail);
    const known = events.get(`${type} ${eventId}`) ?? text;
    demand(known === text, 'a republished event is the same event', { known, text });
    events.set(`${type} ${eventId}`, text);
  }

  async function rule(actor: Actor, sent: Sent, isHeard: boolean) {
    tally.statements++;
    const { result, before, after } = await judge.rule(sent, clock.now);
    const { action } = sent;
    log.push(`    ${action.kind}: ${result.applied ? 'applied' : 'refused'}, ${after.status} v${after.version}`);
    if (result.applied) {
      if (action.kind === 'finish') {
        actor.hasFinished = true;
        tally.finishes++;
      }
      if (before.status === 'failed' && (action.kind === 'claim' || action.kind === 'restart')) tally.lives++;
    }
    if (isHeard) actor.knownVersion = after.version;
    return result;
  }

  return {
    subject,
    id,
    record,
    judge,
    turns,
    clock,
    messages,
    notices,
    received: new Set(),
    outcomes,
    tally,
    log,
    send,
    newActor: (actor) => ({
      messageId: '',
      replayId: undefined,
      givesUp: false,
      says: undefined,
      // Every message first assumes a new item, with a content hash.
      knownVersion: actor.says !== undefined && record.contentHash === undefined ? 0 : 1,
      token: '',
      result: 'failed for now',
      seenVersion: 0,
      confirms: 0,
      consumer: '',
      hasFinished: false,
      ...actor,
    }),
    executorOf: (actor) => ({
      execute: (statement) => {
        const action = actionOf(actor, statement, clock.now);
        if (action.kind === 'claim') actor.token = action.token;
        const knownVersion = action.kind === 'claim' ? actor.knownVersion : undefined;
        return turns.wait(`${actor.name} ${action.kind}s`, (isHeard) =>
          seam(
            { execute: (changed) => rule(actor, { statement: changed, action, knownVersion }, isHeard) },
            clock,
          ).execute(statement),
        );
      },
    }),
    publish: (event, isSwallowed = false) => {
      noteEvent(event);
      if (isSwallowed) return;
      if (event.type === subject.table.createdEventOf(record).type) send();
      const { orderVersion: version } = event.detail.data as { orderVersion?: number };
      if (version !== undefined) notices.push(...subject.table.confirmedBy.map((consumer) => ({ consumer, version })));
    },
    start: (running) => {
      running.catch(fail);
    },
    check: () => {
      if (failures.length === 0) return;
      const [first] = failures;
      const error = failures.find((failure) => failure instanceof Violation) ?? first;
      throw error instanceof Error ? error : new Error(String(error));
    },
  };
}
