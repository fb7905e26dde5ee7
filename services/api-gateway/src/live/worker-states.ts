import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { WorkerState } from '@orderflow/contracts';
import { askReadiness } from '@orderflow/platform/health/ask-readiness';
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
      throw new Error(`${hostname} was not resolved within ${ANSWER_WITHIN_MS} ms`);
    },
  });
  return addresses.map(({ address, family }) =>
    Object.assign(new URL(url), { hostname: family === 6 ? `[${address}]` : address }),
  );
}

async function ask(service: string, base: URL): Promise<WorkerState> {
  const { status, reason } = await askReadiness(base, ANSWER_WITHIN_MS);
  return { service, address: base.host, ...(status === 'degraded' ? { status: 'ready' } : { status, reason }) };
}

/** Asks every replica of every worker for its readiness. Never throws. */
export async function askWorkers(urls: readonly WorkerUrl[], monotonic: MonotonicClock): Promise<WorkerState[]> {
  const states = await Promise.all(
    urls.map(async ({ service, url }): Promise<WorkerState[]> => {
      try {
        const replicas = await replicasOf(url, monotonic);
        return await Promise.all(replicas.map((replica) => ask(service, replica)));
      } catch (thrown) {
        return [{ service, address: new URL(url).host, status: 'unreachable', reason: toError(thrown).message }];
      }
    }),
  );
  return states
    .flat()
    .sort((a, b) => a.service.localeCompare(b.service) || a.address.localeCompare(b.address, 'en', { numeric: true }));
}
