import type * as contracts from '@orderflow/contracts';
import type * as aws from '@orderflow/platform/aws/clients';
import type * as watch from '@orderflow/platform/aws/watch-denials';
import type * as dynamodb from '@orderflow/platform/dynamodb/executor';
import type * as clock from '@orderflow/platform/runtime/clock';
import type * as log from '@orderflow/platform/runtime/logger';
import type * as metrics from '@orderflow/platform/telemetry/metrics';
import type * as tracing from '@orderflow/platform/telemetry/tracing';
import type * as keys from '../identity/issuer-keys.js';
import type * as unread from '../http/limits/unread-answers.js';

/**
 * For TypeScript, a class whose instances have the type T. Nest finds what to inject by the class in a constructor's
 * signature, and T is only a type, which does not exist at run time.
 */
type For<T> = abstract new () => T;
/** What the tokens extend at run time: nothing of T. */
const token: unknown = Object;

/** Injection tokens. InfrastructureModule provides a value for each; no token is ever instantiated. */
export class AwsClients extends (token as For<aws.AwsClients>) {}
export class Clock extends (token as For<clock.Clock>) {}
export class Denials extends (token as For<watch.Denials>) {}
export class IssuerKeys extends (token as For<keys.IssuerKeys>) {}
export class Logger extends (token as For<log.Logger>) {}
export class Metrics extends (token as For<metrics.Metrics>) {}
export class MonotonicClock extends (token as For<clock.MonotonicClock>) {}
export class ResourceNames extends (token as For<contracts.ResourceNames>) {}
export class StatementExecutor extends (token as For<dynamodb.BatchingExecutor>) {}
export class Tracing extends (token as For<tracing.RunningTracing>) {}
export class UnreadAnswers extends (token as For<unread.UnreadAnswers>) {}
