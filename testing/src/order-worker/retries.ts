import type { OrderSystem } from './start-worker.js';

/** Makes the warehouse fail in an order's first attempts, and fulfil it afterwards. */
export function fails(times: number, system: OrderSystem): void {
  system.plan.fulfil = async ({ attempt }) => {
    if (attempt <= times) throw new Error('the warehouse did not answer');
    return { fulfilled: true };
  };
}

/** Lets SQS redeliver messages until one has this outcome. @returns all outcomes on the way */
export async function untilOutcome(system: OrderSystem, wanted: string): Promise<string[]> {
  const outcomes: string[] = [];
  for (;;) {
    outcomes.push(await system.outcomes.next());
    if (outcomes.at(-1) === wanted) return outcomes;
    system.pass(60);
  }
}
