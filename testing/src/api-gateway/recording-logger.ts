import type { Logger } from '@orderflow/platform/runtime/logger';

type Line = { level: string; message: string; fields: Record<string, unknown> };

/** Keeps what is logged, and tells when something was. */
export function createRecordingLogger() {
  const lines: Line[] = [];
  const waiting: { message: string; resolve: (line: Line) => void }[] = [];

  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      const line = { level, message, fields };
      lines.push(line);
      for (const waiter of waiting) if (waiter.message === message) waiter.resolve(line);
    };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return {
    logger,
    lines,
    /** The next line with this message. */
    next: (message: string) =>
      new Promise<Line>((resolve) => {
        waiting.push({ message, resolve });
      }),
  };
}
