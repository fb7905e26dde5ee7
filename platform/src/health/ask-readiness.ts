import http from 'node:http';
import https from 'node:https';
import { toError } from '../runtime/errors.js';
import { CheckError, isReason, reasonOf } from './reasons.js';

/** `degraded`: it serves, but something that it can do without for a while is down. */
export type Readiness = {
  status: 'ready' | 'degraded' | 'not ready' | 'unreachable';
  /** For everyone: it contains no text of errors. */
  reason?: string;
  /** Why it is unreachable, for the log and for operators. */
  error?: Error;
};

const MAX_ANSWER_LENGTH = 65_536;
const MAX_REASON_LENGTH = 200;
const A_CHECK = /^[A-Za-z][\w -]{0,127}$/;

/**
 * The status of an answer, and its body; empty if it is too long. Does not use `fetch`: proxy variables may redirect it,
 * and it follows redirects.
 */
function get(url: URL, withinMs: number): Promise<{ status: number; body: string }> {
  const { request } = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(withinMs);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(signal.aborted ? new CheckError(`no answer within ${withinMs} ms`) : error);
    };
    const asked = request(url, { agent: false, signal }, (answer) => {
      const { statusCode: status = 0 } = answer;
      let body = '';
      answer.setEncoding('utf8').on('error', fail);
      answer.on('data', (text: string) => {
        body += text;
        if (body.length <= MAX_ANSWER_LENGTH) return;
        resolve({ status, body: '' });
        answer.destroy();
      });
      answer.on('end', () => {
        resolve({ status, body });
      });
    });
    asked.on('error', fail).end();
  });
}

type Report = Partial<Record<'error' | 'details' | 'message' | 'code', unknown>>;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Undefined for a body that is not a report of /health/ready, such as a page of a proxy. */
function parseReport(body: string): Report | undefined {
  try {
    const report: unknown = JSON.parse(body);
    return isObject(report) && !Array.isArray(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

/** What is down, in the words of `reasonOf`. The process at the URL may be another one: its other texts are dropped. */
function reasonsIn({ error, details, message, code }: Report): string {
  const checks = [error, details].find(isObject) ?? {};
  const down = Object.entries(checks).flatMap(([check, result]) => {
    if (!A_CHECK.test(check) || !isObject(result) || result.reason === undefined) return [];
    return [isReason(result.reason) ? `${check}: ${result.reason}` : `${check} is down`];
  });
  return (down.join('; ') || [message, code].find(isReason)) ?? '';
}

/** Asks a service for its readiness. Never throws. */
export async function askReadiness(base: string | URL, withinMs: number): Promise<Readiness> {
  try {
    const { status, body } = await get(new URL('/health/ready', base), withinMs);
    const report = parseReport(body);
    if (!report) return { status: 'not ready', reason: `it answers ${status} without a health report` };
    const reason = reasonsIn(report).slice(0, MAX_REASON_LENGTH);
    if (status !== 200) return { status: 'not ready', reason: reason || `it answers ${status} and gives no reason` };
    return reason === '' ? { status: 'ready' } : { status: 'degraded', reason };
  } catch (thrown) {
    return { status: 'unreachable', reason: reasonOf(thrown), error: toError(thrown) };
  }
}
