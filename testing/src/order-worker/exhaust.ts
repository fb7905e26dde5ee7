import type { OrderSystem } from './start-worker.js';

/** Makes the warehouse answer or fail. */
export const works = (system: OrderSystem, isWell: boolean) => {
  system.plan.fulfil = isWell
    ? async () => ({ fulfilled: true })
    : () => Promise.reject(new Error('the warehouse did not answer'));
};

/** Uses up an order's attempts, so that it ends FAILED. @returns the id of its message */
export async function exhaust(system: OrderSystem, message: unknown, attributes = {}): Promise<string> {
  works(system, false);
  const messageId = system.send(message, attributes);
  while ((await system.outcomes.next()) !== 'dead-lettered') system.pass(60);
  works(system, true);
  return messageId;
}
