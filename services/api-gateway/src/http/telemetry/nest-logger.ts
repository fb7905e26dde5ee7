import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@orderflow/platform/runtime/logger';

/** Writes Nest's messages to our log, with its start-up messages at debug. */
export function nestLogger(logger: Logger): LoggerService {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) =>
      logger[level]('nest', { text: String(message), context: rest.at(-1) });
  return {
    log: at('debug'),
    debug: at('debug'),
    verbose: at('debug'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('error'),
  };
}
