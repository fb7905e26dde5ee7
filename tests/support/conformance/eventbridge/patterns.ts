import type { Message } from '@aws-sdk/client-sqs';
import { eventually } from '@orderflow/testing/eventually';
import type { ConformanceCase, Target } from '../conformance-case.js';
import { openQueue } from '../sqs/queue.js';
import { eventEntry, put, type Sent } from './entries.js';

type Delivered = { message: Message; body: Record<string, unknown>; marker: string };

/**
 * Receives messages until the marker has arrived and then, because events may overtake each other, none for a second.
 * Returns all.
 */
async function takeUntil(target: Target, queueName: string, marker: string): Promise<Delivered[]> {
  const queue = await openQueue(target, queueName);
  const taken: Delivered[] = [];
  return eventually(async () => {
    for (let message; (message = await queue.receive({ waitSeconds: 1 }));) {
      await queue.delete(message);
      const body = JSON.parse(message.Body ?? '') as Record<string, unknown>;
      taken.push({ message, body, marker: (body.detail as { marker: string }).marker });
    }
    return taken.some((delivered) => delivered.marker === marker) ? taken : undefined;
  }, `event ${marker} in ${queueName}`);
}

/**
 * Sends events and then a marker event that is certainly delivered. Events that arrived before it were delivered.
 * Events are numbered from 1.
 */
async function delivered(target: Target, id: string, events: Sent[], sure: Sent, queueName: string): Promise<string> {
  const entries = events.map((change, index) => eventEntry(target, `${id}-${index + 1}`, change));
  for (const entry of entries) await put(target, [entry]);
  await put(target, [eventEntry(target, `${id}-end`, sure)]);
  const taken = await takeUntil(target, queueName, `${id}-end`);
  const places = taken.map(({ marker }) => marker.replace(`${id}-`, '')).filter((place) => place !== 'end');
  return places.sort().join(', ') || 'none';
}

const PATTERNS = 'EventBridge patterns';

export const PATTERN_CASES: ConformanceCase[] = [
  {
    group: PATTERNS,
    name: 'source and detail-type must both match: (1) both, (2) another source, (3) another type, (4) in capitals',
    aws: '1',
    expected: '1',
    observe: (target, id) =>
      delivered(
        target,
        id,
        [{}, { Source: 'orderflow.order-worker' }, { DetailType: 'OrderChanged' }, { DetailType: 'ORDERCREATED' }],
        {},
        target.names.orderQueue,
      ),
  },
  {
    group: PATTERNS,
    name: 'prefix orderflow. on the source: (1) orderflow.api-gateway, (2) orderflow.x, (3) orderflow, (4) other.orderflow.x, (5) Orderflow.x',
    aws: '1, 2',
    expected: '1, 2',
    observe: (target, id) => {
      const sources = ['orderflow.api-gateway', 'orderflow.x', 'orderflow', 'other.orderflow.x', 'Orderflow.x'];
      const requested = (Source: string) => ({ Source, DetailType: 'NotificationRequested' });
      const sure = requested('orderflow.end');
      return delivered(target, id, sources.map(requested), sure, target.names.notificationQueue);
    },
  },
  {
    group: PATTERNS,
    name: 'a list of detail-types: (1) OrderCompleted, (2) OrderFailed, (3) OrderCreated',
    aws: '1, 2',
    expected: '1, 2',
    observe: (target, id) =>
      delivered(
        target,
        id,
        [
          { Source: 'orderflow.order-worker', DetailType: 'OrderCompleted' },
          { Source: 'orderflow.order-worker', DetailType: 'OrderFailed' },
          { Source: 'orderflow.order-worker', DetailType: 'OrderCreated' },
        ],
        { Source: 'orderflow.end', DetailType: 'OrderFailed' },
        target.names.notificationQueue,
      ),
  },
  {
    group: PATTERNS,
    name: 'what the queue receives of an event',
    aws: 'the same',
    expected: 'version 0; id of the answer; time in whole seconds; source, detail-type, detail as sent; no attributes',
    observe: async (target, id) => {
      const { Entries: answers = [] } = await put(target, [eventEntry(target, id)]);
      const [event] = await takeUntil(target, target.names.orderQueue, id);
      const { version, id: eventId, time, source, 'detail-type': type, detail } = event?.body ?? {};
      const asSent =
        source === 'orderflow.api-gateway' &&
        type === 'OrderCreated' &&
        JSON.stringify(detail) === `{"marker":"${id}"}`;
      return [
        `version ${String(version)}`,
        eventId === answers[0]?.EventId ? 'id of the answer' : 'another id',
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(time)) ? 'time in whole seconds' : `time ${String(time)}`,
        `source, detail-type, detail ${asSent ? 'as sent' : 'changed'}`,
        event?.message.MessageAttributes === undefined ? 'no attributes' : 'attributes',
      ].join('; ');
    },
  },
  {
    group: PATTERNS,
    name: 'one event twice in a call',
    aws: 'delivered twice',
    expected: 'delivered twice',
    observe: async (target, id) => {
      await put(target, [eventEntry(target, id), eventEntry(target, id), eventEntry(target, `${id}-end`)]);
      const taken = await takeUntil(target, target.names.orderQueue, `${id}-end`);
      const copies = taken.filter(({ marker }) => marker === id).length;
      return copies === 2 ? 'delivered twice' : `delivered ${copies} times`;
    },
  },
];
