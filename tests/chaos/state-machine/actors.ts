import { BatchGetCommand, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDb } from '@orderflow/platform/aws/clients';
import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import type { SweeperOptions } from '@orderflow/platform/work-item/swept-table';
import { PermanentError } from '@orderflow/platform/runtime/errors';
import type { HandlerResult } from '@orderflow/platform/worker/delivery';
import { createSweeper } from '@orderflow/platform/work-item/sweep';
import { restartItem } from '@orderflow/platform/work-item/restart';
import { confirmOutcome } from '@orderflow/platform/work-item/confirm';
import { insert } from '@orderflow/platform/work-item/transitions';
import type { WorkItem } from '@orderflow/platform/work-item/work-item';
import { aDelivery } from '@orderflow/testing/delivery';
import { workOnItem, type Claimed, type WorkResult } from '@orderflow/platform/work-item/process';
import { isBelieved, type Result } from './model.js';
import type { Item } from './subjects.js';
import { Lost } from './turns.js';
import { demand } from './violation.js';
import { FORGED, LEASE_MS, MARKER_DELAY_MS, type Actor, type Message, type Notice, type World } from './world.js';

const monotonic = createMonotonicClock();
const SWEEPER: SweeperOptions = {
  queueGraceMs: 0,
  retentionMs: 0,
  leaseMs: LEASE_MS,
  maxAttempts: 3,
  backoffBaseMs: MARKER_DELAY_MS,
  backoffMaxMs: 60_000,
};

/** Ignores the errors after which a process continues, because the message or the sweeper will try again. */
function tolerate(error: unknown): void {
  const isRace = error instanceof Error && error.message.includes('changed hands too often');
  if (!(error instanceof Lost) && !isRace) throw error;
}

const failureOf = (result: Result): Item =>
  result === 'completed'
    ? {}
    : { failure: { code: 'NO_LUCK', message: result, retriable: result === 'failed for now' } };

async function handle(world: World, actor: Actor, receiveCount: number): Promise<void> {
  const { subject, judge, clock, tally, turns } = world;
  const work = async ({ life, isGivenUp }: Claimed): Promise<WorkResult> => {
    const { status, token, ...state } = judge.state();
    demand(status === 'processing' && token === actor.token, 'a worker works only under its claim', {
      actor,
      state: judge.state(),
    });
    demand(life === state.lastReplayId, 'a worker knows the life that it works in', { actor, life, state });
    demand(isGivenUp === state.isGivenUp, 'a worker knows whether the life is given up', { actor, isGivenUp, state });
    actor.result = isGivenUp ? 'failed for now' : world.outcomes[Math.min(tally.lives, world.outcomes.length) - 1]!;
    tally.works++;
    await turns.wait(`${actor.name} works`, () => Promise.resolve());
    const { result } = actor;
    const attributes = result === 'completed' ? subject.doneAttributes(clock.now) : failureOf(result);
    return { result: result === 'completed' ? 'completed' : 'failed', attributes };
  };
  const { messageId, replayId, says } = actor;
  const delivery = aDelivery({ messageId, replayId, receiveCount, contentHash: says });
  const handled = workOnItem<Item>(
    {
      executor: world.executorOf(actor),
      table: subject.table,
      now: () => clock.now,
      leaseMs: LEASE_MS,
      markerDelayMs: MARKER_DELAY_MS,
    },
    delivery,
    { id: world.id, known: world.record, work, givesUp: actor.givesUp },
  );
  const { outcome, events } = await handled.catch(async (error: unknown): Promise<HandlerResult> => {
    if (error instanceof PermanentError && error.code === 'EVENT_MISMATCH') {
      demand(!isBelieved(says, world.record.contentHash as string | undefined), 'no real message is refused', { says });
      return { outcome: 'duplicate', events: [] };
    }
    await delivery.claim.postpone?.({ delaySeconds: 1, reason: 'lost' });
    throw error;
  });
  demand((outcome === 'processed') === actor.hasFinished, 'a processed message has applied its outcome', { outcome });
  for (const event of events) world.publish(event);
}

/** Delivers a message to a worker. `isExhausted`: its attempts are used up, so the worker ends the item FAILED. */
export function deliver(world: World, message: Message, isExhausted = false): void {
  const receive = ++world.tally.receives;
  const name = `delivery ${receive} of ${message.says === FORGED ? 'forged ' : ''}${message.id}${message.replayId === undefined ? '' : ` (${message.replayId})`}`;
  const actor = world.newActor({
    name,
    messageId: message.id,
    replayId: message.replayId,
    says: message.says,
    givesUp: isExhausted,
  });
  world.log.push(`${name} begins${isExhausted ? ', the last one' : ''}`);
  world.start(
    handle(world, actor, receive).then(() => {
      message.isDeleted = true;
    }, tolerate),
  );
}

export type Publication = 'arrives' | 'is swallowed' | 'is refused';

/** Lets a sweeper visit the item if its marker is due. */
export function visit(world: World, publication: Publication): void {
  const { subject, judge, clock, id } = world;
  const { table } = subject;
  const sweptAt = clock.now;
  if ((judge.state().marker ?? Infinity) > sweptAt) return;

  const actor = world.newActor({ name: `sweeper at +${sweptAt}`, messageId: `sweeper:${id}` });
  const send = (command: unknown): Promise<unknown> => {
    if (command instanceof QueryCommand) {
      const asksForDue = command.input.ScanIndexForward === true;
      return Promise.resolve({ Items: asksForDue ? [{ [table.key]: id }] : [] });
    }
    if (command instanceof GetCommand) return Promise.resolve({ Item: judge.item() });
    if (!(command instanceof BatchGetCommand)) throw new Error('this test does not simulate such a read');
    return Promise.resolve({ Responses: { [table.name]: [judge.item()] } });
  };
  const publisher = {
    publish: async (event: Parameters<World['publish']>[0]) => {
      if (publication === 'is refused') throw new Lost(publication);
      world.publish(event, publication === 'is swallowed');
    },
    flush: () => Promise.resolve(),
  };
  const subscription = {
    check: () => Promise.resolve(),
    countQueue: () => Promise.resolve({ visible: 0, inFlight: 0, delayed: 0 }),
  };
  const dynamo = { send } as DynamoDb;
  const swept = {
    table,
    work: subscription,
    consumers: Object.fromEntries(table.confirmedBy.map((consumer) => [consumer, subscription])),
  };
  const logger = { warn: () => undefined, error: () => undefined };
  const random = () => (world.tally.statements % 10) / 10;
  const dependencies = {
    dynamo,
    executor: world.executorOf(actor),
    publisher,
    logger,
    now: () => clock.now,
    monotonic,
    random,
  };
  world.log.push(`${actor.name} begins, its event ${publication}`);
  world.start(
    createSweeper(swept, SWEEPER, dependencies)
      .sweep()
      .then(() => undefined, tolerate),
  );
}

/** An operator who has read the item restarts it. Without `isPublished`, the sweeper must publish its event. */
export function startAgain(world: World, isPublished: boolean): void {
  const { judge, clock, subject } = world;
  const seen = judge.item() as WorkItem & Item;
  const actor = world.newActor({ name: `operator who saw v${seen.version}`, seenVersion: seen.version });
  const life = { replayId: `restart of v${seen.version}`, markerDelayMs: MARKER_DELAY_MS };
  const restarting = restartItem(world.executorOf(actor), subject.table, { seen, ...life }, () => clock.now);
  world.start(
    restarting.then(({ kind, item }) => {
      if (kind === 'restarted' && isPublished) world.publish(subject.table.createdEventOf(item));
    }, tolerate),
  );
}

/** Delivers an outcome to a consumer, which confirms it. */
export function receiveOutcome(world: World, { consumer, version }: Notice): void {
  const { id, subject } = world;
  const actor = world.newActor({ name: `${consumer} with v${version}`, confirms: version, consumer });
  world.received.add(`${consumer} v${version}`);
  world.start(
    confirmOutcome(world.executorOf(actor), subject.table, consumer, { id, version, now: world.clock.now }).catch(
      tolerate,
    ),
  );
}

/** A client repeats its POST. */
export function acceptAgain(world: World): void {
  const actor: Actor = world.newActor({ name: 'client' });
  const again = insert(world.subject.table, world.record);
  world.start(
    world
      .executorOf(actor)
      .execute(again)
      .then(() => undefined, tolerate),
  );
}
