import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

const eventOf = (type: string, at: string) => (item: object) => {
  const { [at]: occurredAt, thingId: id, version } = item as Record<string, unknown>;
  return { source: 'test', type, detail: { metadata: { occurredAt: String(occurredAt) }, data: { id, version } } };
};

/** The attributes of a work item as its insert leaves it. `outboxAt` and the key are the test's. */
export const INSERTED_ITEM = {
  status: 'PENDING',
  version: 1,
  effects: 0,
  holder: '',
  claimToken: '',
  leaseUntil: 0,
  lastReplayId: '',
  timeline: {},
  outboxShard: 3,
  outboxAttempts: 0,
};

/** A table of things, which belongs to no service. */
export const THINGS: WorkItemTable = {
  name: 'things',
  key: 'thingId',
  states: { pending: 'PENDING', processing: 'PROCESSING', completed: 'COMPLETED', failed: 'FAILED' },
  outbox: { index: 'outbox', shards: 8, shardOf: () => 3 },
  createdEventOf: eventOf('Made', 'createdAt'),
  outcomeEventOf: (item): OutgoingEvent => eventOf('Ended', 'updatedAt')(item),
  confirmedBy: ['a-consumer'],
  firstConsumer: 'a-consumer',
};
