import { readFile } from 'node:fs/promises';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { createFakeAws, type FakeAws } from '@orderflow/testing/aws/fake-aws';
import type { TableSchema } from '@orderflow/testing/aws/fake-table';
import { parse, type CollectionTag, type ScalarTag } from 'yaml';

/** A resource or parameter by its logical id. */
type Reference = { reference: string };

type Queue = {
  QueueName: string;
  VisibilityTimeout?: Reference;
  RedrivePolicy?: { deadLetterTargetArn: Reference; maxReceiveCount: Reference };
};
type Rule = {
  Name: string;
  EventBusName: Reference;
  EventPattern: { source: (string | { prefix: string })[]; 'detail-type': string[] };
  Targets: { Arn: Reference }[];
};
type Template = {
  Parameters: Record<string, { Default: string | number }>;
  Resources: Record<string, { Type: string; Properties: unknown }>;
};

/** CloudFormation's short forms, as far as tables, queues and rules are written with them. */
function tagsFor(stage: string): (ScalarTag | CollectionTag)[] {
  const scalar = (tag: string, resolve: (text: string) => unknown): ScalarTag => ({ tag, resolve });
  const ignored = (tag: string): CollectionTag => ({ tag, collection: 'seq', resolve: () => undefined });
  return [
    scalar('!Ref', (text): Reference => ({ reference: text })),
    scalar('!GetAtt', (text): Reference => ({ reference: text.replace(/\.\w+$/, '') })),
    scalar('!Sub', (text) => text.replaceAll('${Stage}', stage)),
    ignored('!Equals'),
    ignored('!If'),
  ];
}

/** The fakes with the tables, queues and rules of infrastructure/template.yaml, and further tables. */
export async function fakeFromTemplate(stage: string, furtherTables: readonly TableSchema[]): Promise<FakeAws> {
  const file = new URL('../../../infrastructure/template.yaml', import.meta.url);
  const template = parse(await readFile(file, 'utf8'), { customTags: tagsFor(stage) }) as Template;
  const ofType = (type: string) =>
    Object.values(template.Resources)
      .filter((resource) => resource.Type === type)
      .map(({ Properties: properties }) => properties);
  const number = ({ reference }: Reference) => Number(template.Parameters[reference]?.Default);
  const properties = ({ reference }: Reference) => template.Resources[reference]?.Properties;
  const queueName = (reference: Reference) => (properties(reference) as Queue).QueueName;

  return createFakeAws({
    tables: [...(ofType('AWS::DynamoDB::Table') as TableSchema[]), ...furtherTables],
    queues: (ofType('AWS::SQS::Queue') as Queue[]).map(
      ({ QueueName: name, VisibilityTimeout: timeout, RedrivePolicy }) => ({
        name,
        ...(timeout ? { visibilityTimeoutSeconds: number(timeout) } : {}),
        ...(RedrivePolicy
          ? {
              redrive: {
                deadLetter: queueName(RedrivePolicy.deadLetterTargetArn),
                maxReceiveCount: number(RedrivePolicy.maxReceiveCount),
              },
            }
          : {}),
      }),
    ),
    rules: (ofType('AWS::Events::Rule') as Rule[]).flatMap(({ Name: name, EventBusName, EventPattern, Targets }) =>
      Targets.map(({ Arn }) => ({
        name,
        eventBusName: (properties(EventBusName) as { Name: string }).Name,
        sources: EventPattern.source,
        detailTypes: EventPattern['detail-type'],
        queueUrl: queueUrlOf(queueName(Arn)),
      })),
    ),
  });
}
