import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { WorkerState } from '@orderflow/contracts';
import { askReadiness, type Readiness } from '@orderflow/platform/health/ask-readiness';
import type { FailureLog } from '@orderflow/platform/health/failure-log';
import { CheckError, reasonOf } from '@orderflow/platform/health/reasons';
import type { MonotonicClock } from '@orderflow/platform/runtime/clock';
import { toError } from '@orderflow/platform/runtime/errors';
import { within } from '@orderflow/platform/runtime/within';

/**
 * A service, and the base URL of its health endpoints. Over http, all replicas behind the name are asked. Over https,
 * one replica answers, because the certificate is for the name and not for an address.
 */
export type WorkerUrl = { service: string; url: string };

const ANSWER_WITHIN_MS = 1_000;

/** @param text for example order-worker=http://order-worker:3000,notification-worker=http://notification-worker:3000 */
export function parseWorkerUrls(text: string): WorkerUrl[] {
  return text.split(',').map((entry) => {
    const [service = '', ...url] = entry.trim().split('=');
    return { service, url: url.join('=') };
  });
}

/** Whether parseWorkerUrls can read the text. */
export function areWorkerUrls(text: string): boolean {
  return parseWorkerUrls(text).every(
    ({ service, url }) => /^[a-z][a-z0-9-]{0,62}$/.test(service) && URL.canParse(url) && /^https?:/.test(url),
  );
}

async function replicasOf(url: string, monotonic: MonotonicClock): Promise<URL[]> {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'https:' || isIP(hostname.replace(/^\[|\]$/g, ''))) return [new URL(url)];
  const addresses = await within(lookup(hostname, { all: true }), {
    ms: ANSWER_WITHIN_MS,
    monotonic,
    onLate: () => {
      throw new CheckError(`its name was not resolved within ${ANSWER_WITHIN_MS} ms`);
    },
  });
  return addresses.map(({ address, family }) =>
    Object.assign(new URL(url), { hostname: family === 6 ? `[${address}]` : address }),
  );
}

type Answer = Readiness & { address: string };

/** Asks every replica behind the URL. */
async function askReplicas(url: string, monotonic: MonotonicClock): Promise<Answer[]> {
  try {
    const replicas = await replicasOf(url, monotonic);
    return await Promise.all(
      replicas.map(async (base) => ({ address: base.host, ...(await askReadiness(base, ANSWER_WITHIN_MS)) })),
    );
  } catch (thrown) {
    const address = new URL(url).host;
    return [{ address, status: 'unreachable', reason: reasonOf(thrown), error: toError(thrown) }];
  }
}

/**
 * Asks every replica of every worker for its readiness. Never throws. The reasons contain no text of errors, which
 * `failures` logs.
 */
export async function askWorkers(
  urls: readonly WorkerUrl[],
  monotonic: MonotonicClock,
  failures: FailureLog,
): Promise<WorkerState[]> {
  const states = await Promise.all(
    urls.map(async ({ service, url }) => {
      const answers = await askReplicas(url, monotonic);
      const check = `${service} at ${new URL(url).host}`;
      const unreachable = answers.find(({ error }) => error !== undefined);
      if (unreachable) failures.failed(check, unreachable.reason ?? '', unreachable.error);
      else failures.passed(check);
      return answers.map(({ address, status, reason }): WorkerState => {
        return { service, address, ...(status === 'degraded' ? { status: 'ready' } : { status, reason }) };
      });
    }),
  );
  return states
    .flat()
    .sort((a, b) => a.service.localeCompare(b.service) || a.address.localeCompare(b.address, 'en', { numeric: true }));
}
