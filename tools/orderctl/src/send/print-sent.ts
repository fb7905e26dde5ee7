import { paint, row, type Terminal } from '../terminal.js';
import type { Outcomes } from './await-outcomes.js';
import type { Sent } from './tally.js';

export type SendReport = Sent & {
  api: string;
  /** All orders of this run. */
  customerId: string;
  /** Until the last answer. */
  tookMs: number;
  outcomes?: Outcomes;
};

/** Refusals of the API that concern the token. */
const TOKEN_CODES = ['TOKEN_REQUIRED', 'TOKEN_INVALID', 'SCOPE_MISSING'];

const BAR_WIDTH = 30;
const LABEL_WIDTH = [10];

/**
 * A bar in a terminal, otherwise text.
 * @param of 0: unknown
 */
export function progressText(
  { movingLines }: Pick<Terminal, 'movingLines'>,
  { done, of, what }: { done: number; of: number; what: string },
  extras: Readonly<Record<string, number>> = {},
): string {
  const filled = of === 0 ? 0 : Math.min(BAR_WIDTH, Math.floor((done / of) * BAR_WIDTH));
  const bar = movingLines && of > 0 ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` : '';
  const extra = Object.entries(extras).flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : []));
  return [`${bar}${done}${of > 0 ? ` of ${of}` : ''} ${what}`, ...extra].join(', ');
}

export function printSent(report: SendReport, terminal: Terminal): void {
  const { api, customerId, tookMs, accepted, refused, unanswered, retried, latencyMs, lastOrderId } = report;
  const { outcomes, refusals, silences } = report;
  const done = accepted + refused + unanswered;
  const seconds = tookMs / 1_000;
  const perSecond = (done / Math.max(seconds, 0.001)).toFixed(1);
  const line = (label: string, text: string, isBad = false) => {
    const whole = row([label, text], LABEL_WIDTH);
    terminal.out(isBad ? paint(terminal, 'red', whole) : whole);
  };
  line('sent', `${done} to ${api} in ${seconds.toFixed(1)} s, ${perSecond} a second`);
  line('accepted', String(accepted));
  line('retried', String(retried));
  line('refused', String(refused), refused > 0);
  for (const [code, { count, detail }] of Object.entries(refusals)) line('', `${count} ${code}: ${detail}`, true);
  if (TOKEN_CODES.some((code) => Object.hasOwn(refusals, code))) {
    line('', 'OIDC_CLIENT_ID and OIDC_CLIENT_SECRET name the client whose token is sent', true);
  }
  if (unanswered > 0) line('unanswered', `${unanswered}: they may have been ordered, or not`, true);
  for (const [code, { count, detail }] of Object.entries(silences)) line('', `${count} ${code}: ${detail}`, true);
  if (latencyMs) line('latency', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, retries included`);
  if (outcomes) {
    const { completed, failed, unfinished } = outcomes;
    const text = `${completed} completed, ${failed} failed, ${unfinished} have not ended`;
    line('outcomes', text, failed + unfinished > 0);
  }
  line('customer', customerId);
  if (unanswered > 0) line('again', `the same command with --customer ${customerId} orders nothing twice`);
  if (lastOrderId !== undefined) line('last', `${lastOrderId}   (npm run ops -- order ${lastOrderId})`);
}
