import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@orderflow/platform/runtime/logger';

/** Nest's own messages in our log; its start-up chatter only at debug. */
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
