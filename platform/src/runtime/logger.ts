import { createLogger as createWinstonLogger, format, transports, type Logger as WinstonLogger } from 'winston';
import { redactField } from './redact.js';

type Fields = Record<string, unknown>;
type LogMethod = (message: string, fields?: Fields) => unknown;

/** What code that logs asks for: a short constant message, and data as fields. */
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
  /** Names of fields whose values nobody may read. */
  redact?: readonly string[];
};

/** The parts of an error that help; SDK errors carry whole requests besides. */
function describeError(error: Error): Fields {
  const { name, message, stack, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  // Node's error of a connection that several addresses refused says nothing itself.
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

/** What makes a line a line. */
const OWN_FIELDS = new Set(['level', 'message', 'timestamp', 'service']);

const redacted = (names: ReadonlySet<string>) =>
  format((info) => {
    for (const [name, value] of Object.entries(info)) {
      if (!OWN_FIELDS.has(name)) info[name] = redactField(name, value, names);
    }
    return info;
  });

/** Fields that stand first in a pretty line, in this order; the rest follows as key=value. */
const LEADING = ['type', 'orderId', 'notificationId'];
const HIDDEN = new Set(['level', 'message', 'timestamp', 'service', 'err', 'causationId', ...LEADING]);

/** On one line, and told apart from its neighbours. */
function prettyValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

function prettyLine(info: Fields): string {
  const { timestamp, level, message } = info as { timestamp: string; level: string; message: string };
  const leading = LEADING.flatMap((key) => (typeof info[key] === 'string' ? [info[key]] : []));
  const rest = Object.entries(info)
    .filter(([key, value]) => !HIDDEN.has(key) && value !== undefined)
    .map(([key, value]) => `${key}=${prettyValue(value)}`);
  const err = info.err as { name?: string; message?: string; stack?: string } | undefined;
  const story = [timestamp.slice(11, 23), level.toUpperCase().padEnd(5), message, ...leading, ...rest].join(' ');
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

/** Lines of one turn of the event loop go to stdout as one write, at the turn's end or that of the process. */
function gatherLines(): void {
  if (isGathering) return;
  isGathering = true;
  process.stdout.cork();
  setImmediate(writeGathered);
}

/** What is done does not depend on whether it can be written down: a full disk, or a reader that is away, costs lines. */
function loseLines(): void {
  // As an unhandled 'error', it would end the process.
}

/** winston formats a line before it looks whether anybody wants it. */
function leveled(winston: WinstonLogger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (message, fields) => {
      if (!winston.isLevelEnabled(level)) return;
      gatherLines();
      winston[level](message, fields);
      // What a crash may be explained by does not wait for a turn's end that may not come.
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

/** A logger that writes to stdout: one JSON object a line, or one readable line. Its level may be changed. */
export function createLogger(options: LoggerOptions): Logger & { level: string } {
  const { service, level, format: kind, redact = [] } = options;
  // A process has one logger; process.exit runs no further turn.
  if (!process.listeners('exit').includes(writeGathered)) {
    process.on('exit', writeGathered);
    process.stdout.on('error', loseLines);
  }
  const names = new Set(redact.map((name) => name.trim().toLowerCase()));
  const line = kind === 'json' ? format.json() : format.printf((info) => prettyLine(info));
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

/** For tests and tools that want silence. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
