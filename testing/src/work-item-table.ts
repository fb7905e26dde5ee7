import type { OutgoingEvent } from '@orderflow/platform/events/publisher';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

const eventOf = (type: string, at: string) => (item: object) => {
  const { [at]: occurredAt, thingId: id, version } = item as Record<string, unknown>;
  return { source: 'test', type, detail: { metadata: { occurredAt: String(occurredAt) }, data: { id, version } } };
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
};
