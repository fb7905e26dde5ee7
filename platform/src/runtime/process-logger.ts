import type { EventEmitter } from 'node:events';
import type { ProcessEnv } from './config.js';
import { createLogger, type Logger } from './logger.js';

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
