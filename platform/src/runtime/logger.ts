import type { EventEmitter } from 'node:events';
import { createLogger as createWinstonLogger, format, transports, type Logger as WinstonLogger } from 'winston';
import type { ProcessEnv } from './config.js';
import { redactField } from './redact.js';

type Fields = Record<string, unknown>;
type LogMethod = (message: string, fields?: Fields) => unknown;

/** A message is a short constant; data goes into fields. */
export type Logger = {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  child(fields: Fields): Logger;
};

type LoggerOptions = {
  service: string;
  level: string;
  format: 'json' | 'pretty';
  /** Names of fields to redact. */
  redact?: readonly string[];
  /** Fields that come first in a pretty line, after the event's type and in this order. */
  leading?: readonly string[];
};

/** The useful parts of an error. Errors of the AWS SDK also carry whole requests. */
function describeError(error: Error): Fields {
  const { name, message, stack, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  // When several addresses refuse a connection, Node's error has an empty message and a list of errors.
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return {
    name,
    message: message || (first instanceof Error ? first.message : ''),
    ...(typeof code === 'string' ? { code } : {}),
    stack,
    ...(cause instanceof Error ? { cause: describeError(cause) } : {}),
  };
}

const errorsAsFields = format((info) => {
  if (info.err instanceof Error) info.err = describeError(info.err);
  return info;
});

/** Fields that every log line carries. */
const OWN_FIELDS = new Set(['level', 'message', 'timestamp', 'service']);

const redacted = (names: ReadonlySet<string>) =>
  format((info) => {
    for (const [name, value] of Object.entries(info)) {
      if (!OWN_FIELDS.has(name)) info[name] = redactField(name, value, names);
    }
    return info;
  });

/** Fields that a pretty line does not repeat as key=value. */
const HIDDEN = [...OWN_FIELDS, 'err', 'causationId'];

/** Quoted if it would not read as one word. */
function prettyValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

function prettyLine(info: Fields, leading: readonly string[]): string {
  const { timestamp, level, message } = info as { timestamp: string; level: string; message: string };
  const first = leading.flatMap((key) => (typeof info[key] === 'string' ? [info[key]] : []));
  const rest = Object.entries(info)
    .filter(([key, value]) => !HIDDEN.includes(key) && !leading.includes(key) && value !== undefined)
    .map(([key, value]) => `${key}=${prettyValue(value)}`);
  const err = info.err as { name?: string; message?: string; stack?: string } | undefined;
  const story = [timestamp.slice(11, 23), level.toUpperCase().padEnd(5), message, ...first, ...rest].join(' ');
  if (!err) return story;
  return level === 'error'
    ? `${story}\n${err.stack ?? ''}`
    : `${story} err=${JSON.stringify(`${err.name ?? ''}: ${err.message ?? ''}`)}`;
}

let isGathering = false;

function writeGathered(): void {
  if (!isGathering) return;
  isGathering = false;
  process.stdout.uncork();
}

/** Writes the lines of one event loop turn to stdout at once, at the end of the turn or of the process. */
function gatherLines(): void {
  if (isGathering) return;
  isGathering = true;
  process.stdout.cork();
  setImmediate(writeGathered);
}

/** Checks the level first: winston would format the line before it drops it. */
function leveled(winston: WinstonLogger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (message, fields) => {
      if (!winston.isLevelEnabled(level)) return;
      gatherLines();
      winston[level](message, fields);
      // A crash may follow, so lines that may explain it do not wait for the end of the turn.
      if (level === 'warn' || level === 'error') writeGathered();
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => leveled(winston.child(fields)),
  };
}

/** Logs to stdout, one JSON object or one readable line at a time. The level can be changed. */
export function createLogger(options: LoggerOptions): Logger & { level: string } {
  const { service, level, format: kind, redact = [], leading = [] } = options;
  // process.exit runs no further turn of the event loop.
  if (!process.listeners('exit').includes(writeGathered)) {
    process.on('exit', writeGathered);
    // A full disk or a closed pipe loses log lines. As an unhandled 'error' it would end the process.
    process.stdout.on('error', () => undefined);
  }
  const names = new Set(redact.map((name) => name.trim().toLowerCase()));
  const first = ['type', ...leading];
  const line = kind === 'json' ? format.json() : format.printf((info) => prettyLine(info, first));
  const winston = createWinstonLogger({
    level,
    defaultMeta: { service },
    format: format.combine(format.timestamp(), errorsAsFields(), redacted(names)(), line),
    transports: [new transports.Console()],
  });
  return {
    ...leveled(winston),
    get level() {
      return winston.level;
    },
    set level(changed) {
      winston.level = changed;
    },
  };
}

/** A process's logger. SIGUSR2 switches it to debug and back to its configured level; Node's inspector uses SIGUSR1. */
export function createProcessLogger(
  service: string,
  { LOG_LEVEL: level, LOG_FORMAT: format, LOG_REDACT: redact = '' }: ProcessEnv,
  leading: readonly string[],
  signals: EventEmitter = process,
): Logger {
  const logger = createLogger({ service, level, format, redact: redact.split(','), leading });
  let isVerbose = false;
  signals.on('SIGUSR2', () => {
    isVerbose = !isVerbose;
    if (isVerbose) logger.level = 'debug';
    // Before the level is set back: it may hide this line.
    logger.info('log level', { logLevel: isVerbose ? 'debug' : level });
    if (!isVerbose) logger.level = level;
  });
  return logger;
}
