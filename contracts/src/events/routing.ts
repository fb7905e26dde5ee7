import { WORK_QUEUES, type WorkQueue } from '../resources.js';
import { QUEUES } from '../topology.js';
import * as notificationEvents from './notification-events.js';
import * as orderEvents from './order-events.js';

type ExportsOf<Module> = Module[keyof Module];
/** The exported classes with a `type`, not those of their data. */
export type EventClass = Extract<
  ExportsOf<typeof notificationEvents> | ExportsOf<typeof orderEvents>,
  { readonly type: string }
>;

const EXPORTED = [...Object.values(orderEvents), ...Object.values(notificationEvents)];
const CLASSES = EXPORTED.filter((exported): exported is EventClass => 'type' in exported);

function eventsOf(queue: WorkQueue): readonly EventClass[] {
  const types: readonly EventClass['type'][] = Object.values(QUEUES[queue].rules).flat();
  return types.flatMap((wanted) => CLASSES.filter(({ type }) => type === wanted));
}

/** The events that the bus routes to each work queue. */
export const QUEUE_EVENTS = Object.fromEntries(WORK_QUEUES.map((queue) => [queue, eventsOf(queue)])) as Record<
  WorkQueue,
  readonly EventClass[]
>;

/** Every event on the bus; first those of the queues. */
export const EVENT_CLASSES: readonly EventClass[] = [...new Set([...Object.values(QUEUE_EVENTS).flat(), ...CLASSES])];
