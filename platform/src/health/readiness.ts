import { isUnavailable } from '../aws/error-kind.js';
import type { Denials } from '../aws/watch-denials.js';
import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import { within } from '../runtime/within.js';
import type { Check } from './checks.js';
import { createFailureLog } from './failure-log.js';
import { CheckError, reasonOf } from './reasons.js';

type CheckResult = { status: 'up' } | { status: 'down'; reason: string };

export type CheckReport = { ok: boolean; checks: Record<string, CheckResult> };

class LateCheckError extends CheckError {
  override readonly name = 'TimeoutError';
}

type CheckOptions = { timeoutMs?: number; monotonic: MonotonicClock };

/** Runs one check, which fails if it does not end in time. */
async function runCheck(check: Check, { timeoutMs = 2_000, monotonic }: CheckOptions): Promise<void> {
  await within(check(), {
    ms: timeoutMs,
    monotonic,
    onLate: () => {
      throw new LateCheckError(`no answer within ${timeoutMs} ms`);
    },
  });
}

/** Runs all checks at once. A report is cached for `cacheMs`. It gives reasons that anyone may read; errors are logged. */
export function createReadiness(
  checks: Record<string, Check>,
  { cacheMs = 5_000, logger, ...options }: CheckOptions & { cacheMs?: number; logger: Logger },
): () => Promise<CheckReport> {
  const failures = createFailureLog(logger, { failed: 'check failed', passes: 'check passes again' });
  let cached: { ageMs: Stopwatch; report: Promise<CheckReport> } | undefined;

  async function runAll(): Promise<CheckReport> {
    const entries = await Promise.all(
      Object.entries(checks).map(async ([name, check]): Promise<[string, CheckResult]> => {
        try {
          await runCheck(check, options);
          failures.passed(name);
          return [name, { status: 'up' }];
        } catch (error) {
          const reason = reasonOf(error);
          failures.failed(name, reason, toError(error));
          return [name, { status: 'down', reason }];
        }
      }),
    );
    return { ok: entries.every(([, { status }]) => status === 'up'), checks: Object.fromEntries(entries) };
  }

  return () => {
    if (!cached || cached.ageMs() >= cacheMs) {
      cached = { ageMs: options.monotonic.startStopwatch(), report: runAll() };
    }
    return cached.report;
  };
}

/**
 * Adds the denials that the work has met, because no check makes calls that write, send or delete. It leaves out those
 * in `known`.
 */
export function withDenials(report: CheckReport, denials: Denials, known: readonly CheckReport[] = []): CheckReport {
  const results = [report, ...known].flatMap(({ checks }) => Object.values(checks));
  const told = results.map((result) => (result.status === 'down' ? result.reason : ''));
  const [reason, ...others] = denials.reasons().filter((one) => !told.includes(one));
  if (reason === undefined) return report;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return { ok: false, checks: { ...report.checks, permissions: { status: 'down', reason: `${reason}${more}` } } };
}

/**
 * For the breaker: runs all checks at once, uncached. Only an outage counts. A disabled rule, for example, does not
 * stop the work that is already in the queue; readiness reports it.
 * @throws the first outage
 */
export async function probeAll(checks: Record<string, Check>, options: CheckOptions): Promise<void> {
  await Promise.all(
    Object.values(checks).map(async (check) => {
      try {
        await runCheck(check, options);
      } catch (error) {
        if (isUnavailable(error)) throw error;
      }
    }),
  );
}
