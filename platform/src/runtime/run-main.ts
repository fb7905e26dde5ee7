import type { Deadline, MonotonicClock } from './clock.js';
import { ConfigError } from './errors.js';
import type { Logger } from './logger.js';

/** Runs a process's composition root. A ConfigError prints its message and exits 1; any other error prints its stack. */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    process.exit(1);
  }
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    const { port } = error as { port?: number };
    return `Port ${port ?? ''} is in use by another process: stop that, or set PORT to another one.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Begins the drain of a process. It exits 1 unless the deadline is cancelled, or the process ends, in time. */
export function startDrain(logger: Logger, monotonic: MonotonicClock, shutdownTimeoutMs: number): Deadline {
  logger.info('draining');
  return monotonic.startDeadline(shutdownTimeoutMs, () => {
    logger.error('not drained in time');
    process.exit(1);
  });
}
