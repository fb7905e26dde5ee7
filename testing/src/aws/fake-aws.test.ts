import { once } from 'node:events';
import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { Consumer } from 'sqs-consumer';
import { queueArnOf, queueUrlOf } from './arns.js';
import { connectionRefused } from './aws-errors.js';
import { createFakeAws } from './fake-aws.js';

const URL = queueUrlOf('work');
const RULE = { name: 'to-work', eventBusName: 'bus', detailTypes: ['Made', 'Changed'], queueUrl: URL };
const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function createAws() {
  return createFakeAws({ queues: [{ name: 'work' }], rules: [RULE], eventBuses: ['empty'], now: () => NOW_MS });
}

const entry = (change: object = {}) => ({
  EventBusName: 'bus',
  Source: 'source',
  DetailType: 'Made',
  Detail: '{"a":1}',
  ...change,
});

describe('PutEvents', () => {
  it('delivers the event as EventBridge writes it', async () => {
    const { eventBridge, sqs } = createAws();
    const output = await eventBridge.send(
      new PutEventsCommand({
        Entries: [entry(), entry({ Time: new Date(0), Resources: ['r'], DetailType: 'Changed' })],
      }),
    );
    expect(output.FailedEntryCount).toBe(0);
    expect(sqs.messages(URL).map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      {
        version: '0',
        id: output.Entries?.[0]?.EventId,
        'detail-type': 'Made',
        source: 'source',
        account: '000000000000',
        time: '2026-01-02T03:04:05Z',
        region: 'us-east-1',
        resources: [],
        detail: { a: 1 },
      },
      expect.objectContaining({ time: '1970-01-01T00:00:00Z', resources: ['r'], 'detail-type': 'Changed' }),
    ]);
    expect(sqs.calls).toEqual([]);
  });

  it.each([
    ['no rule matches', { DetailType: 'Other' }],
    ['the bus does not exist', { EventBusName: 'other' }],
    ['the bus is not named', { EventBusName: undefined }],
  ])('succeeds without a delivery when %s', async (_name, change) => {
    const { eventBridge, sqs } = createAws();
    const output = await eventBridge.send(new PutEventsCommand({ Entries: [entry(change)] }));
    expect(output).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) as unknown }] });
    expect(sqs.messages(URL)).toEqual([]);
  });

  it('reports each entry that it refuses and delivers the others', async () => {
    const { eventBridge, sqs } = createAws();
    eventBridge.rejectEntriesNext('PutEvents', 'InternalFailure');
    const Entries = [
      entry(),
      entry({ Source: undefined }),
      entry({ Detail: 'nonsense' }),
      entry({ Detail: '[1]' }),
      entry({ Detail: undefined }),
      entry(),
    ];
    const output = await eventBridge.send(new PutEventsCommand({ Entries }));
    expect(output.FailedEntryCount).toBe(5);
    expect(output.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'InternalFailure',
      'InvalidArgument',
      'MalformedDetail',
      'MalformedDetail',
      'InvalidArgument',
      undefined,
    ]);
    expect(sqs.messages(URL)).toHaveLength(1);
  });

  it.each([
    ['no entry', []],
    ['11 entries', Array.from({ length: 11 }, () => entry())],
    ['more than 256 KB', [entry({ Detail: JSON.stringify({ a: 'x'.repeat(262_144) }) })]],
  ])('refuses %s', async (_name, Entries) => {
    const call = createAws().eventBridge.send(new PutEventsCommand({ Entries }));
    await expect(call).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('can lose an event that it accepted', async () => {
    const { eventBridge, sqs } = createAws();
    eventBridge.loseNext();
    const output = await eventBridge.send(new PutEventsCommand({ Entries: [entry(), entry()] }));
    expect(output.Entries?.map(({ EventId }) => typeof EventId)).toEqual(['string', 'string']);
    expect(sqs.messages(URL)).toHaveLength(1);
  });

  it('delivers even if the test lets all calls to SQS fail', async () => {
    const { eventBridge, sqs } = createAws();
    sqs.failAlways('*', connectionRefused);
    await eventBridge.send(new PutEventsCommand({ Entries: [entry()] }));
    expect(sqs.messages(URL)).toHaveLength(1);
  });
});

describe('the calls of the readiness checks', () => {
  it('describe buses, rules and targets', async () => {
    const { eventBridge } = createAws();
    expect(await eventBridge.send(new DescribeEventBusCommand({ Name: 'empty' }))).toMatchObject({ Name: 'empty' });
    const named = { Name: RULE.name, EventBusName: 'bus' };
    expect(await eventBridge.send(new DescribeRuleCommand(named))).toMatchObject({
      State: 'ENABLED',
      EventPattern: '{"detail-type":["Made","Changed"]}',
    });
    const targets = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: RULE.name, EventBusName: 'bus' }));
    expect(targets.Targets?.map(({ Arn }) => Arn)).toEqual([queueArnOf('work')]);
  });

  it('fail for unknown buses and rules', async () => {
    const { eventBridge } = createAws();
    const missing = { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 400 } };
    const bus = new DescribeEventBusCommand({ Name: 'other' });
    await expect(eventBridge.send(bus)).rejects.toMatchObject(missing);
    const rule = new DescribeRuleCommand({ Name: 'other', EventBusName: 'bus' });
    await expect(eventBridge.send(rule)).rejects.toMatchObject(missing);
    const targets = new ListTargetsByRuleCommand({ Rule: RULE.name, EventBusName: 'empty' });
    await expect(eventBridge.send(targets)).rejects.toMatchObject(missing);
  });
});

describe('the fakes together', () => {
  it('carry an event to a real sqs-consumer, which deletes it', async () => {
    const { eventBridge, sqs } = createFakeAws({ queues: [{ name: 'work' }], rules: [RULE], longestPollMs: 20 });
    const bodies: (string | undefined)[] = [];
    const consumer = Consumer.create({
      queueUrl: URL,
      sqs: sqs as unknown as SQSClient,
      batchSize: 10,
      waitTimeSeconds: 20,
      handleMessageBatch: (messages) => {
        bodies.push(...messages.map(({ Body }) => Body));
        return Promise.resolve(messages);
      },
    });
    const processed = once(consumer, 'response_processed');
    consumer.start();
    await eventBridge.send(new PutEventsCommand({ Entries: [entry()] }));
    await processed;
    consumer.stop();
    expect(bodies).toHaveLength(1);
    expect(sqs.messages(URL)).toEqual([]);
    expect(sqs.callsOf('DeleteMessageBatch')).toHaveLength(1);
  });

  it('cannot be built with a rule to a queue that does not exist', () => {
    expect(() => createFakeAws({ rules: [RULE] })).toThrow('does not exist');
  });
});
