import type { Clock } from '@orderflow/platform/runtime/clock';
import { createFakeDynamoDb, type FakeDynamoDb } from './fake-dynamodb.js';
import { createFakeEventBridge, type FakeEventBridge, type RuleSettings } from './fake-eventbridge.js';
import type { QueueSettings } from './fake-queue.js';
import { createFakeSqs, type FakeSqs } from './fake-sqs.js';
import type { TableSchema } from './fake-table.js';

type Options = {
  tables?: readonly TableSchema[];
  queues?: readonly QueueSettings[];
  /** Buses without rules. */
  eventBuses?: readonly string[];
  rules?: readonly RuleSettings[];
  now?: Clock;
  /** See createFakeSqs. */
  longestPollMs?: number;
};

export type FakeAws = { dynamo: FakeDynamoDb; sqs: FakeSqs; eventBridge: FakeEventBridge };

/** The three services in memory. EventBridge rules deliver to the queues. Instances share nothing. */
export function createFakeAws(options: Options): FakeAws {
  const { tables = [], queues = [], rules = [], eventBuses = [], now = Date.now, longestPollMs } = options;
  const dynamo = createFakeDynamoDb({ tables });
  const sqs = createFakeSqs({ queues, now, longestPollMs });
  // On AWS, a rule without a queue loses events silently. In a test it is a mistake.
  for (const rule of rules) sqs.messages(rule.queueUrl);
  const eventBridge = createFakeEventBridge({
    eventBuses: [...new Set([...eventBuses, ...rules.map((rule) => rule.eventBusName)])],
    rules,
    deliver: (queueUrl, body) => {
      sqs.enqueue(queueUrl, body);
    },
    now,
  });
  return { dynamo, sqs, eventBridge };
}
