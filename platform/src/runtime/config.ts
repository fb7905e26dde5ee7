import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import {
  getMetadataStorage,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateBy,
  validateSync,
  type ValidationArguments,
} from 'class-validator';
import { ConfigError } from './errors.js';
import { failpointProblem } from './failpoints.js';

const DIGITS = /^(?:0|[1-9][0-9]*)$/;
const DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** What every process reads from its environment. The property names are the variables. */
export class ProcessEnv {
  /** Prefix of all resource names. */
  @Matches(/^[a-z][a-z0-9-]{0,19}$/, { message: 'STAGE must be 1 to 20 of a-z 0-9 - and start with a letter' })
  STAGE = 'local';

  /** Region of the resources. */
  @Matches(/^[a-z]{2}(-[a-z]+)+-\d$/, { message: 'AWS_REGION must be a region name such as us-east-1' })
  AWS_REGION = 'us-east-1';

  /** Where an emulator listens; unset means AWS itself. */
  @IsHttpUrl('http://127.0.0.1:4566')
  AWS_ENDPOINT_URL?: string;

  /** Only for an emulator. For AWS, the SDK's default credential chain applies. */
  @IsOptional()
  @Matches(/^[\w/+=-]{1,128}$/, { message: 'AWS_ACCESS_KEY_ID must be a key id of AWS or of an emulator' })
  AWS_ACCESS_KEY_ID?: string;

  @IsOptional()
  @Matches(/^[\w/+=-]{1,128}$/, { message: 'AWS_SECRET_ACCESS_KEY must be a secret key of AWS or of an emulator' })
  AWS_SECRET_ACCESS_KEY?: string;

  /** Address to listen on. */
  @Matches(/^[A-Za-z0-9.:-]+$/, { message: 'HOST must be a host name or an address' })
  HOST = '127.0.0.1';

  /** Host names that clients may use, in addition to those in http/request-guard.ts. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]+(\s*,\s*[A-Za-z0-9._-]+)*$/, {
    message: 'ALLOWED_HOSTS must be host names without ports, separated by commas',
  })
  ALLOWED_HOSTS?: string;

  @IsIn(['error', 'warn', 'info', 'debug'])
  LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug' = 'info';

  /** json for machines, pretty for people. */
  @IsIn(['json', 'pretty'])
  LOG_FORMAT: 'json' | 'pretty' = 'json';

  /** Names of fields that logs redact, separated by commas, in any case. Each service sets its own default. */
  @IsOptional()
  @Matches(/^[\w.-]+(\s*,\s*[\w.-]+)*$/, { message: 'LOG_REDACT must be names of fields, separated by commas' })
  LOG_REDACT?: string;

  /** OTLP/HTTP receiver of traces; unset turns tracing off. The receiver may start later. */
  @IsHttpUrl('http://127.0.0.1:4318')
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  /** Fraction of the traces started here that are recorded, from 0 to 1. */
  @ToNumber(DECIMAL)
  @IsNumber({}, { message: 'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.25' })
  @Min(0)
  @Max(1)
  OTEL_TRACES_SAMPLER_ARG = 1;

  /**
   * Days after which a finished and confirmed order or notification is deleted; unset: never. Must exceed 18 days, the
   * longest time that a message about it can wait in its queue (4) and then in the dead-letter queue (14).
   */
  @IsOptional()
  @IsCount(30, 3_650)
  RETENTION_DAYS?: number;

  /** Ms from SIGTERM until a process that has not drained exits 1. */
  @IsCount(100, 600_000)
  SHUTDOWN_TIMEOUT_MS = 28_000;

  /** The images set it. */
  @IsOptional()
  @IsString()
  NODE_ENV?: string;

  /** Where the process kills itself, for fault injection: see failpoints.ts. */
  @IsOptional()
  @IsFailpoints()
  FAILPOINTS?: string;
}

/** Converts text of this form to a number. `Number` alone would also accept `0x10` and `1e3`, which other readers reject. */
function ToNumber(form: RegExp): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && form.test(value) ? Number(value) : value,
  );
}

/** Applies decorators from the last to the first, like the function of this name in contracts. */
function applyAll(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of decorators.toReversed()) decorate(target, key);
  };
}

/** A port to listen on; 0 takes any free one. */
export function IsPort(): PropertyDecorator {
  return IsCount(0, 65_535);
}

/** A duration or a count: an integer from `min` to `max`. */
export function IsCount(min: number, max: number): PropertyDecorator {
  return applyAll(
    ToNumber(DIGITS),
    IsInt({ message: '$property must be a whole number in digits' }),
    Min(min),
    Max(max),
  );
}

/** An http(s) URL, or unset. */
export function IsHttpUrl(example: string): PropertyDecorator {
  const options = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };
  return applyAll(IsUrl(options, { message: `$property must be an http(s) URL such as ${example}` }), IsOptional());
}

/** Any text, or unset. */
export function IsText(): PropertyDecorator {
  return applyAll(IsOptional(), IsString());
}

/** true or false. */
export function IsFlag(): PropertyDecorator {
  const toFlag = Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  );
  return applyAll(toFlag, IsBoolean({ message: '$property must be true or false' }));
}

/** Failpoints, which production must not use. */
function IsFailpoints(): PropertyDecorator {
  const problemOf = ({ value, object }: Partial<ValidationArguments>): string | undefined =>
    (object as ProcessEnv).NODE_ENV === 'production'
      ? 'FAILPOINTS is refused while NODE_ENV is production'
      : failpointProblem(String(value));
  return ValidateBy({
    name: 'isFailpoints',
    validator: {
      validate: (_, args) => problemOf(args ?? {}) === undefined,
      defaultMessage: (args) => problemOf(args ?? {}) ?? '',
    },
  });
}

/** Checks rules across several keys. Returns one sentence for each that does not hold. */
type CrossRules<T> = (config: T) => string[];

/**
 * Reads the environment into a `Shape`. A blank value counts as unset. Only keys that Shape validates are read.
 * @throws ConfigError that lists every problem by key.
 */
export function parseEnv<T extends object>(
  Shape: new () => T,
  env: NodeJS.ProcessEnv,
  crossRules: CrossRules<T> = () => [],
): Readonly<T> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
  const keys = new Set(metadata.map(({ propertyName }) => propertyName));
  const given = [...keys].flatMap((key) => (env[key]?.trim() ? [[key, env[key].trim()] as const] : []));

  const config = plainToInstance(Shape, Object.fromEntries(given), { exposeDefaultValues: true });
  const problems = validateSync(config).flatMap(({ constraints }) => Object.values(constraints ?? {}));
  if (problems.length === 0) problems.push(...crossRules(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}
