import { randomUUID } from 'node:crypto';
import type { Order, Problem } from '@orderflow/contracts';
import { OperatorError } from '../operator-error.js';
import { createOutage, reasonOf } from '../outage.js';
import { createProgress, startDeadline, type Terminal } from '../terminal.js';
import { createApi } from './api.js';
import { awaitOutcomes, type Outcomes } from './await-outcomes.js';
import { pace } from './pace.js';
import { printSent, progressText, type SendReport } from './print-sent.js';
import { sampleOrder } from './sample-orders.js';
import { createTally, type Placed } from './tally.js';
import type { ApiTarget } from './token-source.js';
import { untilAnswered, type Answered, type Retrying } from './until-answered.js';

export type SendOptions = {
  /** Orders per second. */
  rate: number;
  /** 0: until Ctrl-C. */
  count: number;
  product?: string[];
  /** The id of an earlier run, whose orders are not placed again. */
  customer?: string;
  /** Seconds to wait for the orders to finish. */
  wait?: number;
  /** Seconds to retry one order. */
  retryFor: number;
  json?: boolean;
};

/** Bounds waiting requests, and thus the load on an API that has just come back. */
const MAX_IN_FLIGHT = 50;

/** Interprets an answer. A refusal counts only if no earlier attempt could have placed the order. */
export function toPlaced({ answer, retries, mayHaveArrived }: Answered, latencyMs: number): Placed {
  if (answer?.status === 201) {
    const { orderId } = (answer.body ?? {}) as Partial<Order>;
    if (orderId !== undefined) return { kind: 'accepted', orderId, retries, latencyMs };
    return { kind: 'unanswered', code: 'NO_ORDER', detail: 'the answer 201 contains no order id', retries };
  }
  if (!answer) return { kind: 'unanswered', code: 'NO_ANSWER', detail: 'the API did not answer', retries };
  // An invalid order was invalid at the first attempt. A rate-limited one may have been placed before.
  const isRefusal = answer.status < 500 && (answer.status !== 429 || !mayHaveArrived);
  const { code, detail } = (answer.body ?? {}) as Partial<Problem>;
  const why = { code: code ?? `HTTP_${answer.status}`, detail: detail ?? '', retries };
  return { kind: isRefusal ? 'refused' : 'unanswered', ...why };
}

/**
 * Sends sample orders. Returns 0; 1 if some were refused, unanswered or, with `wait`, not completed; 130 after Ctrl-C.
 */
export async function send(target: ApiTarget, terminal: Terminal, options: SendOptions): Promise<number> {
  const { rate, count, product: products = [], wait, retryFor, json } = options;
  if (wait !== undefined && count === 0) throw new OperatorError('--wait needs a number of orders: use --count.');
  const apiUrl = target.url;
  const api = createApi(target, terminal);
  const progress = createProgress(terminal);
  const err = (text: string) => {
    progress.end();
    terminal.err(text);
  };
  const outage = createOutage({ elapsedMs: terminal.elapsedMs, err }, `The API at ${apiUrl}`);
  const retrying: Retrying = { terminal, outage, retryForMs: retryFor * 1_000, random: Math.random };
  // Identifies this run: used to find its orders, and in their idempotency keys.
  const customerId = options.customer ?? `sample-${randomUUID()}`;
  const tally = createTally();
  const startedAt = terminal.elapsedMs();

  /** Places one order, with retries. The idempotency key makes all attempts the same order. */
  async function place(index: number): Promise<Placed> {
    const order = sampleOrder(index, customerId, products);
    const beganAt = terminal.elapsedMs();
    try {
      const answered = await untilAnswered(() => api.post('/api/orders', order, `${customerId}-${index}`), retrying);
      return toPlaced(answered, terminal.elapsedMs() - beganAt);
    } catch (error) {
      if (!terminal.signal.aborted) throw error;
      return { kind: 'unanswered', code: 'INTERRUPTED', detail: 'Ctrl-C before the answer', retries: 0 };
    }
  }

  await pace(terminal, { rate, count, mostInFlight: MAX_IN_FLIGHT }, async (index) => {
    tally.add(await place(index));
    const { accepted, refused, unanswered, retried } = tally.counts();
    const done = accepted + refused + unanswered;
    progress.show(progressText(terminal, { done, of: count, what: 'sent' }, { retried, refused, unanswered }));
  });
  const tookMs = terminal.elapsedMs() - startedAt;
  const sent = tally.result();

  let outcomes: Outcomes | undefined;
  if (wait !== undefined && !terminal.signal.aborted) {
    const { accepted } = sent;
    const onProgress = (ended: number) => {
      progress.show(progressText(terminal, { done: ended, of: accepted, what: 'ended' }));
    };
    try {
      const deadline = startDeadline(terminal, wait * 1_000);
      outcomes = await awaitOutcomes(api, { customerId, accepted, deadline, onProgress }, retrying);
    } catch (error) {
      // The summary is still printed.
      err(`${reasonOf(error)}\n`);
      outcomes = { completed: 0, failed: 0, unfinished: accepted };
    }
  }
  progress.end();
  const report: SendReport = { api: apiUrl, customerId, tookMs, ...sent, outcomes };
  if (json) terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else printSent(report, terminal);
  if (terminal.signal.aborted) return 130;
  const incomplete = outcomes ? outcomes.failed + outcomes.unfinished : 0;
  return sent.refused + sent.unanswered + incomplete > 0 ? 1 : 0;
}
