import type { Logger } from '@orderflow/platform/runtime/logger';

export type Line = { level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields: Record<string, unknown> };

/** Records log lines with the fields of child loggers, and signals new lines. */
export function createRecordingLogger() {
  const lines: Line[] = [];
  let waiting: { message: string; resolve: (line: Line) => void }[] = [];

  function loggerWith(own: Line['fields']): Logger {
    const at =
      (level: Line['level']) =>
      (message: string, fields: Line['fields'] = {}) => {
        const line = { level, message, fields: { ...own, ...fields } };
        lines.push(line);
        for (const waiter of waiting) if (waiter.message === message) waiter.resolve(line);
        waiting = waiting.filter((waiter) => waiter.message !== message);
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => loggerWith({ ...own, ...fields }),
    };
  }

  return {
    logger: loggerWith({}),
    lines,
    messages: () => lines.map(({ message }) => message),
    /** The next line with this message. */
    next: (message: string) => new Promise<Line>((resolve) => waiting.push({ message, resolve })),
  };
}
