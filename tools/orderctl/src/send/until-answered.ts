import type { createOutage } from '../outage.js';
import type { Terminal } from '../terminal.js';
import type { ApiAnswer } from './api.js';

export type Retrying = {
  terminal: Pick<Terminal, 'elapsedMs' | 'pause' | 'signal'>;
  outage: ReturnType<typeof createOutage>;
  /** How long one request is tried again. */
  retryForMs: number;
  /** From 0 to 1. */
  random: () => number;
};

export type Answered = {
  /** The last one; undefined when the last attempt got none. */
  answer: ApiAnswer | undefined;
  retries: number;
  /** An attempt may have done its work without anybody hearing of it: it had no answer, or one of a server that failed. */
  mayHaveArrived: boolean;
};

/** The API is busy, or what stands before it cannot reach it. */
const TRY_AGAIN = new Set([429, 502, 503, 504]);
const BACKOFF_MS = { first: 250, longest: 5_000 };
/** A hiccup is not worth a line. */
const OUTAGE_AFTER_MS = 2_000;

/**
 * Asks until there is an answer that another attempt would not better, or until it has taken too long. The request must
 * be one that may arrive twice.
 * @throws when interrupted
 */
export async function untilAnswered(
  ask: () => Promise<ApiAnswer>,
  { terminal, outage, retryForMs, random }: Retrying,
): Promise<Answered> {
  const startedAt = terminal.elapsedMs();
  let mayHaveArrived = false;
  for (let retries = 0; ; retries++) {
    let answer: ApiAnswer | undefined;
    let failure: unknown;
    try {
      answer = await ask();
    } catch (error) {
      terminal.signal.throwIfAborted();
      failure = error;
    }
    mayHaveArrived ||= !answer || answer.status >= 500;
    if (answer && !TRY_AGAIN.has(answer.status)) {
      outage.end();
      return { answer, retries, mayHaveArrived };
    }
    const busy = answer?.status === 429;
    if (!busy && terminal.elapsedMs() - startedAt >= OUTAGE_AFTER_MS) {
      outage.begin(answer ? new Error(`it answers ${answer.status}`) : failure);
    }
    const backoffMs = Math.min(BACKOFF_MS.first * 2 ** retries, BACKOFF_MS.longest);
    // What is asked for is the least; a herd that comes back in step would be refused in step.
    const waitMs = (answer?.retryAfterMs ?? backoffMs / 2) + (random() * backoffMs) / 2;
    if (terminal.elapsedMs() + waitMs - startedAt > retryForMs) return { answer, retries, mayHaveArrived };
    await terminal.pause(waitMs);
  }
}
