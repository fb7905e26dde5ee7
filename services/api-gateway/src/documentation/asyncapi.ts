import {
  EVENT_CLASSES,
  QUEUE_EVENTS,
  QUEUES,
  SERVICES,
  WORK_QUEUES,
  workQueueNames,
  type EventClass,
  type ResourceNames,
} from '@orderflow/contracts';
import { contractSchemas, reachable, type Schema } from './schemas.js';

/** The envelope that EventBridge adds to an event on its way to a queue. */
function deliveredEvent({ type, source, name }: EventClass): Schema {
  return {
    type: 'object',
    required: ['detail-type', 'source', 'detail'],
    properties: {
      'detail-type': { const: type },
      source: { const: source },
      detail: { $ref: `#/components/schemas/${name}` },
    },
  };
}

const messagesOf = (classes: readonly EventClass[]) =>
  Object.fromEntries(classes.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }]));

function operation(action: 'send' | 'receive', channel: string, classes: readonly EventClass[], summary: string) {
  return {
    action,
    summary,
    channel: { $ref: `#/channels/${channel}` },
    messages: classes.map(({ type }) => ({ $ref: `#/channels/${channel}/messages/${type}` })),
  };
}

/** For example `order-queue` → `orderQueue`. */
const camelCase = (text: string) => text.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function publishing([service, { publishes }]: [string, { publishes: string }]) {
  const published = EVENT_CLASSES.filter(({ source }) => source === `orderflow.${service}`);
  const summary = `${service} publishes ${publishes}.`;
  return [camelCase(`publish-from-${service}`), operation('send', 'bus', published, summary)] as const;
}

/** The events, their senders and their queues, as AsyncAPI 3. */
export function asyncApiDocument(names: ResourceNames): object {
  const queues = WORK_QUEUES.map((queue) => ({
    ...QUEUES[queue],
    channel: camelCase(QUEUES[queue].name),
    address: workQueueNames(names, queue).name,
    events: QUEUE_EVENTS[queue],
  }));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Orderflow events',
      version: '1.0.0',
      description:
        'Events go to an EventBridge bus and from there to SQS queues. They are delivered at least once, in any order; ' +
        'the same event always has the same metadata.eventId.',
      license: { name: 'MIT' },
    },
    channels: {
      bus: {
        address: names.bus,
        description: 'EventBridge bus.',
        messages: messagesOf(EVENT_CLASSES),
      },
      ...Object.fromEntries(
        queues.map(({ channel, address, worker, events }) => {
          const description = `SQS queue of the ${worker.replaceAll('-', ' ')}.`;
          return [channel, { address, description, messages: messagesOf(events) }];
        }),
      ),
    },
    operations: Object.fromEntries([
      ...Object.entries(SERVICES).map(publishing),
      ...queues.map(({ channel, worker, events, operation: name, does }) => {
        return [name, operation('receive', channel, events, `${worker} ${does}.`)] as const;
      }),
    ]),
    components: {
      messages: Object.fromEntries(
        EVENT_CLASSES.map((EventClass) => [
          EventClass.type,
          { name: EventClass.type, contentType: 'application/json', payload: deliveredEvent(EventClass) },
        ]),
      ),
      schemas: reachable(
        contractSchemas(),
        EVENT_CLASSES.map(({ name }) => name),
      ),
    },
  };
}
