import { failpoint } from '../runtime/failpoints.js';
import type { TableReader } from '../dynamodb/table-reader.js';
import { moveMarker, notePublication } from './transitions.js';
import type { OutgoingEvent } from '../events/publisher.js';
import { isFinished, type DueItem, type WorkItemTable } from './work-item.js';
import type { SweeperDependencies, SweeperOptions } from './swept-table.js';

/** Shortens a pause by up to this share, so that events that were lost together are not republished together. */
const JITTER = 0.1;

/** The entry for the item's timeline; undefined for a row without a timeline. */
function republication({ timeline, version }: Record<string, unknown>, { detail }: OutgoingEvent, at: number) {
  if (typeof timeline !== 'object' || timeline === null) return undefined;
  const { eventId } = detail.metadata as { eventId?: string };
  const before = Object.keys(timeline).filter((name) => name.startsWith('republished_'));
  const stored = { at: new Date(at).toISOString(), version, ...(eventId === undefined ? {} : { eventId }) };
  return { name: 'republished', number: before.length + 1, ...stored };
}

/**
 * Publishes an item's event again:
 *
 *     read the item, build its event     fails: the row is at fault; its marker has not moved
 *     take: move the marker              of several sweepers one succeeds
 *     publish                            fails: no attempt; the marker is due again after the pause
 *     note: time, attempt                lost: the attempt is not counted, which is harmless
 */
export function createRepublish(
  { table, reader }: { table: WorkItemTable; reader: TableReader },
  { backoffBaseMs, backoffMaxMs }: SweeperOptions,
  { executor, publisher, now, random = Math.random }: SweeperDependencies,
) {
  /** @returns false when another process was faster. @throws an outage, or why the item has no valid event */
  return async (item: DueItem, { sweptAt, counts }: { sweptAt: number; counts: boolean }) => {
    const id = String(item[table.key]);
    const whole = await reader.get(id);
    if (whole?.outboxAt !== item.outboxAt || whole.status !== item.status) return false;
    const event = isFinished(table, item) ? table.outcomeEventOf(whole) : table.createdEventOf(whole);
    if (!event) throw new Error(`a row in the state ${item.status} has no event to republish`);

    const attempts = Number.isInteger(item.outboxAttempts) ? item.outboxAttempts : 0;
    const pauseMs = Math.min(backoffBaseMs * 2 ** attempts, backoffMaxMs) * (1 - JITTER * random());
    const dueAt = Math.ceil(sweptAt + pauseMs);
    const taken = await executor.execute(moveMarker(table, id, item.outboxAt, dueAt));
    // An attempt whose answer was lost may have moved it. Jitter makes another sweeper choose another time. If both chose
    // the same, the cost is a second message.
    if (!taken.applied && taken.item?.outboxAt !== dueAt) return false;
    failpoint('sweeper.after-take');
    const entry = republication(whole, event, now());
    await publisher.publish(event);
    const note = { sentAt: now(), attempts: attempts + Number(counts), entry };
    await executor.execute(notePublication(table, id, dueAt, note));
    return true;
  };
}
