import { createRandom } from '@orderflow/testing/random';
import { startProxy } from '../../support/faulty-network/proxy.js';

/** A proxy before the API that breaks some connections after the API has answered. */
export type ForgetfulProxy = {
  url: string;
  /** Lost answers by status. */
  forgotten(): ReadonlyMap<number, number>;
  dispose(): Promise<void>;
};

type ProxyOptions = {
  seed: number;
  /** For each answer. */
  probability: number;
};

/** @param targetUrl gives the API's current address, which a restart may change */
export async function startForgetfulProxy(targetUrl: string, options: ProxyOptions): Promise<ForgetfulProxy> {
  const random = createRandom(options.seed);
  const forgotten = new Map<number, number>();

  const { url, dispose } = await startProxy(targetUrl, async ({ incoming, forward }) => {
    const answer = await forward();
    if (random() >= options.probability) return answer;
    forgotten.set(answer.status, (forgotten.get(answer.status) ?? 0) + 1);
    incoming.socket.destroy();
    return undefined;
  });
  return { url, forgotten: () => forgotten, dispose };
}
