import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { Message } from '@aws-sdk/client-sqs';
import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { waitFor } from '../wait-for.js';
import { verdictOf, type ConformanceCase, type Target } from './conformance-case.js';
import { openQueue } from './sqs/queue.js';

type Sent = Partial<PutEventsRequestEntry>;

function eventEntry({ names }: Target, marker: string, change: Sent = {}): PutEventsRequestEntry {
  return {
    EventBusName: names.bus,
    Source: 'orderflow.api-gateway',
    DetailType: 'OrderCreated',
    Detail: JSON.stringify({ marker }),
    ...change,
  };
}

const put = ({ eventBridge }: Target, Entries: PutEventsRequestEntry[]) =>
  eventBridge.send(new PutEventsCommand({ Entries }));

type Delivered = { message: Message; body: Record<string, unknown>; marker: string };

/**
 * Receives messages until the marker has arrived and then, because events may overtake each other, none for a second.
 * Returns all.
 */
async function takeUntil(target: Target, queueName: string, marker: string): Promise<Delivered[]> {
  const queue = await openQueue(target, queueName);
  const taken: Delivered[] = [];
  return waitFor(`event ${marker} in ${queueName}`, async () => {
    for (let message; (message = await queue.receive({ waitSeconds: 1 }));) {
      await queue.delete(message);
      const body = JSON.parse(message.Body ?? '') as Record<string, unknown>;
      taken.push({ message, body, marker: (body.detail as { marker: string }).marker });
    }
    return taken.some((delivered) => delivered.marker === marker) ? taken : undefined;
  });
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

const MATCHES: ConformanceCase[] = [
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

const ANSWERS = 'Answers of PutEvents';

async function answerTo(target: Target, ...entries: PutEventsRequestEntry[]): Promise<string> {
  const { FailedEntryCount: failed = 0, Entries: answers = [] } = await put(target, entries);
  const words = answers.map(({ ErrorCode, EventId }) => ErrorCode ?? (EventId ? 'an event id' : 'nothing'));
  return `${failed} failed: ${words.join(', ')}`;
}

const OVERLOOKS = 'it does not validate the entries';

const PUTS: ConformanceCase[] = [
  {
    group: ANSWERS,
    name: 'an unknown bus',
    expected: '0 failed: an event id',
    observe: (target, id) => answerTo(target, eventEntry(target, id, { EventBusName: 'no-such-bus' })),
  },
  {
    group: ANSWERS,
    name: 'an event that no rule matches',
    aws: 'success',
    expected: '0 failed: an event id',
    observe: (target, id) => answerTo(target, eventEntry(target, id, { DetailType: 'Nobody' })),
  },
  {
    group: ANSWERS,
    name: 'a detail that is not JSON, one that is a list, and a good neighbour',
    aws: 'MalformedDetail for each',
    expected: '2 failed: MalformedDetail, MalformedDetail, an event id',
    differs: { MiniStack: { shows: '0 failed: an event id, an event id, an event id', why: OVERLOOKS } },
    observe: (target, id) => {
      const unmatched = { DetailType: 'Nobody' };
      return answerTo(
        target,
        eventEntry(target, id, { ...unmatched, Detail: 'nonsense' }),
        eventEntry(target, id, { ...unmatched, Detail: '[1]' }),
        eventEntry(target, id, unmatched),
      );
    },
  },
  {
    group: ANSWERS,
    name: 'an entry without a source',
    aws: 'InvalidArgument',
    expected: '1 failed: InvalidArgument',
    differs: { MiniStack: { shows: '0 failed: an event id', why: OVERLOOKS } },
    observe: (target, id) => {
      const { EventBusName, DetailType, Detail } = eventEntry(target, id);
      return answerTo(target, { EventBusName, DetailType, Detail });
    },
  },
  {
    group: ANSWERS,
    name: '0, 10 and 11 entries',
    aws: '1 to 10',
    expected: 'ValidationException, accepted, ValidationException',
    differs: {
      MiniStack: { shows: 'accepted, accepted, ValidationException', why: 'a call without entries does nothing' },
      LocalStack: { shows: 'accepted, accepted, ValidationException', why: 'a call without entries does nothing' },
    },
    observe: async (target, id) => {
      const verdicts: string[] = [];
      for (const length of [0, 10, 11]) {
        const entries = Array.from({ length }, () => eventEntry(target, id, { DetailType: 'Nobody' }));
        verdicts.push(await verdictOf(put(target, entries)));
      }
      return verdicts.join(', ');
    },
  },
  {
    group: ANSWERS,
    name: 'more than 256 KB',
    aws: 'refused',
    expected: 'ValidationException',
    differs: { MiniStack: { shows: 'accepted', why: OVERLOOKS } },
    observe: (target, id) => {
      const Detail = JSON.stringify({ a: 'x'.repeat(262_144) });
      return verdictOf(put(target, [eventEntry(target, id, { DetailType: 'Nobody', Detail })]));
    },
  },
];

const QUESTIONS: ConformanceCase[] = [
  {
    group: 'The deployed template',
    name: 'the rule order-created and its target',
    expected: 'ENABLED, order queue',
    observe: async ({ eventBridge, names }) => {
      const named = { EventBusName: names.bus };
      const rule = await eventBridge.send(new DescribeRuleCommand({ Name: names.orderCreatedRule, ...named }));
      const { Targets: targets = [] } = await eventBridge.send(
        new ListTargetsByRuleCommand({ Rule: names.orderCreatedRule, ...named }),
      );
      const isQueue = targets.length === 1 && targets[0]?.Arn?.endsWith(`:${names.orderQueue}`);
      return `${rule.State ?? '?'}, ${isQueue ? 'order queue' : 'another target'}`;
    },
  },
  {
    group: 'The deployed template',
    name: 'a rule, targets of a rule, and a bus that do not exist',
    aws: 'ResourceNotFoundException',
    expected: 'ResourceNotFoundException three times',
    differs: {
      MiniStack: {
        shows: 'ResourceNotFoundException, accepted, ResourceNotFoundException',
        why: 'a rule that does not exist has an empty list of targets',
      },
    },
    observe: async ({ eventBridge, names }) => {
      const named = { EventBusName: names.bus };
      const verdicts = [
        await verdictOf(eventBridge.send(new DescribeRuleCommand({ Name: 'no-such-rule', ...named }))),
        await verdictOf(eventBridge.send(new ListTargetsByRuleCommand({ Rule: 'no-such-rule', ...named }))),
        await verdictOf(eventBridge.send(new DescribeEventBusCommand({ Name: 'no-such-bus' }))),
      ];
      return new Set(verdicts).size === 1 ? `${verdicts[0] ?? ''} three times` : verdicts.join(', ');
    },
  },
  {
    group: 'The deployed template',
    name: 'deployed a second time',
    aws: 'nothing to update',
    expected: 'up to date, data kept',
    differs: { fake: { shows: 'not deployed', why: 'it is built from the template, there is no CloudFormation' } },
    observe: async ({ deployAgain, dynamo, names }, id) => {
      if (!deployAgain) return 'not deployed';
      const Statement = `INSERT INTO "${names.ordersTable}" VALUE {'orderId': ?}`;
      await dynamo.send(new BatchExecuteStatementCommand({ Statements: [{ Statement, Parameters: [id] }] }));
      const said = await deployAgain();
      const { Item: kept } = await dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId: id } }));
      return `${said.includes('is up to date') ? 'up to date' : said.trim()}, data ${kept ? 'kept' : 'lost'}`;
    },
  },
];

export const EVENTBRIDGE_CASES: ConformanceCase[] = [...MATCHES, ...PUTS, ...QUESTIONS];
