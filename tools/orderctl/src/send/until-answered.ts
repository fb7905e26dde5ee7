import type { createOutage } from '../outage.js';
import type { Terminal } from '../terminal.js';
import type { ApiAnswer } from './api.js';

export type Retrying = {
  terminal: Pick<Terminal, 'elapsedMs' | 'pause' | 'signal'>;
  outage: ReturnType<typeof createOutage>;
  retryForMs: number;
  /** From 0 to 1. */
  random: () => number;
};

export type Answered = {
  /** The last answer; undefined if the last attempt got none. */
  answer: ApiAnswer | undefined;
  retries: number;
  /** An attempt may have succeeded unnoticed: it got no answer, or a server error. */
  mayHaveArrived: boolean;
};

/** The API is overloaded, or its proxy cannot reach it. */
const TRY_AGAIN = new Set([429, 502, 503, 504]);
const BACKOFF_MS = { first: 250, longest: 5_000 };
/** Short interruptions are not reported. */
const OUTAGE_AFTER_MS = 2_000;

/**
 * Retries until the answer is final or the time is over. The request must be idempotent.
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
    // Retry-After is a minimum. Jitter keeps clients from retrying in step.
    const waitMs = (answer?.retryAfterMs ?? backoffMs / 2) + (random() * backoffMs) / 2;
    if (terminal.elapsedMs() + waitMs - startedAt > retryForMs) return { answer, retries, mayHaveArrived };
    await terminal.pause(waitMs);
  }
}
