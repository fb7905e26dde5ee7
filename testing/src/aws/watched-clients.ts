import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { watchDenials } from '@orderflow/platform/aws/watch-denials';
import { createRecordingLogger } from '../recording-logger.js';
import { ownedTime } from '../owned-time.js';
import { serviceErrorOptions } from './aws-errors.js';
import { createFakeAws } from './fake-aws.js';
import { keyedTable } from './fake-table.js';

export const POLICY = 'shop-order-worker-eu-central-1';
export const CALLER = 'User: arn:aws:sts::123456789012:assumed-role/tasks/1 is not authorized to perform:';
export const JOBS = 'arn:aws:dynamodb:eu-central-1:123456789012:table/jobs';

export const errorOf = (name: string, message: string) =>
  Object.assign(new Error(message), serviceErrorOptions(name, message, 400));

/** Fakes, and clients that use them and are watched. */
export function createWatched() {
  let nowMs = 0;
  const fakes = createFakeAws({
    tables: [keyedTable('jobs', 'jobId'), keyedTable('notes', 'noteId')],
    queues: [{ name: 'work' }],
    eventBuses: ['bus'],
  });
  const log = createRecordingLogger();
  const { aws, denials } = watchDenials('order-worker', {
    aws: { ...fakes, polling: fakes.sqs, close: () => undefined },
    config: { STAGE: 'shop', AWS_REGION: 'eu-central-1' },
    logger: log.logger,
    monotonic: ownedTime(() => nowMs),
  });
  const read = () => aws.dynamo.send(new GetCommand({ TableName: 'jobs', Key: { jobId: '1' } }));
  const statements = (...texts: string[]) =>
    aws.dynamo.send(
      new BatchExecuteStatementCommand({
        Statements: texts.map((Statement) => ({
          Statement,
          Parameters: [...Statement.matchAll(/\?/g)].map(() => '1'),
        })),
      }),
    );
  const pass = (ms: number) => void (nowMs += ms);
  return { fakes, aws, denials, log, read, statements, pass };
}

export const failure = (call: Promise<unknown>) => call.then(() => undefined).catch((error: unknown) => error as Error);
