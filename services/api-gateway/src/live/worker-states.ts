import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { WorkerState } from '@orderflow/contracts';
import { toError } from '@orderflow/platform/runtime/errors';

/**
 * A service, and the base URL of its health endpoints. Over http, all replicas behind the name are asked. Over https,
 * one replica answers, because the certificate is for the name and not for an address.
 */
export type WorkerUrl = { service: string; url: string };

const ANSWER_WITHIN_MS = 1_000;
const MAX_REASON_LENGTH = 200;

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

async function replicasOf(url: string): Promise<URL[]> {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'https:' || isIP(hostname.replace(/^\[|\]$/g, ''))) return [new URL(url)];
  const late = setTimeout(ANSWER_WITHIN_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${hostname} was not resolved within ${ANSWER_WITHIN_MS} ms`);
  });
  const addresses = await Promise.race([lookup(hostname, { all: true }), late]);
  return addresses.map(({ address, family }) =>
    Object.assign(new URL(url), { hostname: family === 6 ? `[${address}]` : address }),
  );
}

/** The reasons in the answer of a failed health check. */
function reasonOf(answer: string): string {
  try {
    const { error = {} } = JSON.parse(answer) as { error?: Record<string, { reason?: string } | string> };
    const down = Object.entries(error).flatMap(([check, result]) =>
      typeof result === 'object' && result.reason !== undefined ? [`${check}: ${result.reason}`] : [],
    );
    return down.join('; ') || 'it says no more than that';
  } catch {
    return answer;
  }
}

/** fetch puts the reason into its error's cause. */
function messageOf(thrown: unknown): string {
  const { message, cause } = thrown as { message: string; cause?: { message?: string; code?: string } };
  const reasons = [cause?.message, cause?.code, message];
  return reasons.find((reason) => reason !== undefined && reason !== '') ?? 'no reason given';
}

async function ask(service: string, base: URL): Promise<WorkerState> {
  const about = { service, address: base.host };
  try {
    const answer = await fetch(new URL('/health/ready', base), { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const text = await answer.text();
    if (answer.ok) return { ...about, status: 'ready' };
    return { ...about, status: 'not ready', reason: reasonOf(text).slice(0, MAX_REASON_LENGTH) };
  } catch (thrown) {
    return { ...about, status: 'unreachable', reason: messageOf(thrown) };
  }
}

/** Asks every replica of every worker for its readiness. Never throws. */
export async function askWorkers(urls: readonly WorkerUrl[]): Promise<WorkerState[]> {
  const states = await Promise.all(
    urls.map(async ({ service, url }): Promise<WorkerState[]> => {
      try {
        const replicas = await replicasOf(url);
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
