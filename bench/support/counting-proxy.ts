import { operationOf } from '../../tests/support/faulty-network/aws-json.js';
import { startProxy } from '../../tests/support/faulty-network/proxy.js';
import { countCall, newUsage, type Usage } from './aws-usage.js';

export type CountingProxy = {
  url: string;
  usage(): Usage;
  /** Resolves with the `performance.now()` of the next call of the operation. */
  next(operation: string): Promise<number>;
  dispose(): Promise<void>;
};

/** Forwards AWS calls unchanged to an emulator, over kept connections, and counts those that are answered. */
export async function startCountingProxy(targetUrl: string): Promise<CountingProxy> {
  const usage = newUsage();
  const waiting: { operation: string; resolve: (at: number) => void }[] = [];

  function tell(name: string): void {
    for (const one of waiting.filter(({ operation }) => operation === name)) {
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve(performance.now());
    }
  }

  const { url, dispose } = await startProxy(targetUrl, async ({ incoming, body, forward }) => {
    const { service, name } = operationOf(incoming.headers['x-amz-target']);
    tell(name);
    const answer = await forward();
    if (service !== undefined) countCall(usage, name, body.toString(), answer.body.toString());
    return answer;
  });
  return {
    url,
    usage: () => ({ ...usage, calls: new Map(usage.calls) }),
    next: (operation) => new Promise((resolve) => waiting.push({ operation, resolve })),
    dispose,
  };
}
