import type { Logger } from '../runtime/logger.js';

/**
 * Logs why checks fail, with the whole errors. Each reason of a check is logged once until the check passes again, or two
 * that alternate would fill the log. Numbers in a reason do not make it another one.
 */
export function createFailureLog(logger: Logger, messages: { failed: string; passes: string }) {
  const logged = new Map<string, Set<string>>();
  return {
    failed: (check: string, reason: string, err: unknown): void => {
      const reasons = logged.get(check) ?? new Set();
      logged.set(check, reasons);
      const words = reason.replace(/\d+/g, '0');
      if (reasons.has(words)) return;
      reasons.add(words);
      logger.warn(messages.failed, { check, reason, err });
    },
    passed: (check: string): void => {
      if (logged.delete(check)) logger.info(messages.passes, { check });
    },
  };
}

export type FailureLog = ReturnType<typeof createFailureLog>;
