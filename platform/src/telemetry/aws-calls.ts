import { errorKindOf, STATEMENT_REFUSALS } from '../aws/error-kind.js';
import type { Metrics } from './metrics.js';

/** The part of the SDK's type for `initialize` middleware that is used here. */
export type CallMiddleware = <Args extends { input: object }, Result extends { output: object }>(
  next: (args: Args) => Promise<Result>,
  context: { commandName?: string },
) => (args: Args) => Promise<Result>;

/** Makes the middleware that measures the calls of one service. */
export type MeasureCalls = (service: string) => CallMiddleware;

type Batch = { Entries?: unknown[]; Statements?: unknown[]; Messages?: unknown[] };
type Answer = Batch & {
  FailedEntryCount?: number;
  Failed?: unknown[];
  Responses?: unknown;
  $metadata?: { attempts?: number };
};

/** The number of entries in a call of these operations: at most 25. */
const BATCH_SIZES: Record<string, (input: Batch, output: Batch) => number> = {
  PutEvents: ({ Entries: entries = [] }) => entries.length,
  DeleteMessageBatch: ({ Entries: entries = [] }) => entries.length,
  BatchExecuteStatement: ({ Statements: statements = [] }) => statements.length,
  ReceiveMessage: (_, { Messages: messages = [] }) => messages.length,
};

/** A long poll lasts up to 20 s. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** A batch call can succeed although some of its entries failed. */
function hasFailedEntries({ FailedEntryCount: count = 0, Failed: failed = [], Responses: responses }: Answer): boolean {
  const statements = Array.isArray(responses) ? (responses as { Error?: { Code?: string } }[]) : [];
  const isFailure = (code: string | undefined) => code !== undefined && !STATEMENT_REFUSALS.has(code);
  return count > 0 || failed.length > 0 || statements.some(({ Error: error }) => isFailure(error?.Code));
}

/** Measures whole calls, including the SDK's retries: how long the caller waited, and the result. */
export function measureCalls(metrics: Metrics): MeasureCalls {
  const requests = metrics.counter({
    name: 'aws_requests_total',
    help: 'Calls to AWS, by result after all attempts.',
    labelNames: ['service', 'operation', 'result'],
  });
  const retries = metrics.counter({
    name: 'aws_retries_total',
    help: 'Retries of calls to AWS.',
    labelNames: ['service', 'operation'],
  });
  const duration = metrics.histogram({
    name: 'aws_request_duration_seconds',
    help: 'Duration of a call to AWS, including all attempts.',
    labelNames: ['service', 'operation'],
    buckets: SECONDS,
  });
  const batchSize = metrics.histogram({
    name: 'batch_size',
    help: 'Entries, statements or messages in one call to AWS.',
    labelNames: ['operation'],
    buckets: [0, 1, 2, 3, 5, 7, 10, 15, 20, 25],
  });

  return (service) =>
    (next, { commandName = '' }) => {
      const operation = commandName.replace(/Command$/, '');
      const sizeOf = BATCH_SIZES[operation];

      function onEnd(result: string, startedAt: number, attempts = 1): void {
        requests.inc({ service, operation, result });
        if (attempts > 1) retries.inc({ service, operation }, attempts - 1);
        duration.observe({ service, operation }, (performance.now() - startedAt) / 1_000);
      }

      return async (args) => {
        const startedAt = performance.now();
        try {
          const answered = await next(args);
          const output: Answer = answered.output;
          onEnd(hasFailedEntries(output) ? 'partial' : 'ok', startedAt, output.$metadata?.attempts);
          if (sizeOf) batchSize.observe({ operation }, sizeOf(args.input, output));
          return answered;
        } catch (error) {
          onEnd(errorKindOf(error), startedAt, (error as Partial<Answer>).$metadata?.attempts);
          throw error;
        }
      };
    };
}
