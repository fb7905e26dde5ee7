import { readFileSync } from 'node:fs';
import type { Clock } from '@orderflow/platform/runtime/clock';
import * as yaml from 'yaml';
import { readResources } from '../../tools/template.mjs';
import { ACCOUNT, queueUrlOf, REGION } from './aws/arns.js';
import { createFakeAws, type FakeAws } from './aws/fake-aws.js';
import type { TableSchema } from './aws/fake-table.js';

type Queue = {
  QueueName: string;
  VisibilityTimeout?: string;
  RedrivePolicy?: { deadLetterTargetArn: string; maxReceiveCount: string };
};
type Rule = {
  Name: string;
  EventBusName: string;
  EventPattern: { source: (string | { prefix: string })[]; 'detail-type': string[] };
  Targets: { Arn: string }[];
};
type Resources = { tables: TableSchema[]; queues: Queue[]; rules: Rule[] };

type Options = {
  stage: string;
  /** Tables besides those of the template. */
  tables?: readonly TableSchema[];
  now?: Clock;
  longestPollMs?: number;
};

const TEMPLATE = new URL('../../infrastructure/template.yaml', import.meta.url);
const nameOf = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);

/** The fakes with the tables, queues and rules of infrastructure/template.yaml. */
export function createFakeStack({ stage, tables = [], ...options }: Options): FakeAws {
  const deployment = { parameters: { Stage: stage }, region: REGION, account: ACCOUNT };
  const stack = readResources(readFileSync(TEMPLATE, 'utf8'), deployment, yaml) as Resources;
  return createFakeAws({
    ...options,
    tables: [...stack.tables, ...tables],
    queues: stack.queues.map(({ QueueName: name, VisibilityTimeout: timeout, RedrivePolicy: redrive }) => ({
      name,
      ...(timeout && { visibilityTimeoutSeconds: Number(timeout) }),
      ...(redrive && {
        redrive: {
          deadLetter: nameOf(redrive.deadLetterTargetArn),
          maxReceiveCount: Number(redrive.maxReceiveCount),
        },
      }),
    })),
    rules: stack.rules.flatMap(({ Name: name, EventBusName: eventBusName, EventPattern, Targets }) =>
      Targets.map(({ Arn }) => ({
        ...{ name, eventBusName, sources: EventPattern.source, detailTypes: EventPattern['detail-type'] },
        queueUrl: queueUrlOf(nameOf(Arn)),
      })),
    ),
  });
}
