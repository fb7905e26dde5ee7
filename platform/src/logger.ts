import { createLogger as createWinstonLogger, format, transports } from 'winston';

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

type LoggerOptions = { service: string; level: string; format: 'json' | 'pretty' };

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

/** Fields that stand first in a pretty line, in this order; the rest follows as key=value. */
const LEADING = ['type', 'orderId', 'notificationId'];
const HIDDEN = new Set(['level', 'message', 'timestamp', 'service', 'err', 'traceId', 'causationId', ...LEADING]);

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

/** A logger that writes to stdout: one JSON object a line, or one readable line. */
export function createLogger({ service, level, format: kind }: LoggerOptions): Logger {
  const line = kind === 'json' ? format.json() : format.printf((info) => prettyLine(info));
  return createWinstonLogger({
    level,
    defaultMeta: { service },
    format: format.combine(format.timestamp(), errorsAsFields(), line),
    transports: [new transports.Console()],
  });
}

/** For tests and tools that want silence. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
