import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@orderflow/platform/runtime/logger';

/** Writes Nest's messages to our log, with its start-up messages at debug. */
export function nestLogger(logger: Logger): LoggerService {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) =>
      logger[level]('nest', { text: String(message), context: rest.at(-1) });
  const [debug, warn, error] = [at('debug'), at('warn'), at('error')];
  return { log: debug, debug, verbose: debug, warn, error, fatal: error };
}
