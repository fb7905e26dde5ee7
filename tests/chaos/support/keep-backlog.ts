import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@orderflow/testing/eventually';
import type { ChaosSystem } from './chaos-system.js';
import { placeOrders, type Placed } from './load.js';
import { remainingWork } from './quiet.js';

export type Backlog = {
  /** Ends the load. @returns the placed orders, and the smallest backlog after it was first complete */
  stop(): Promise<{ placed: Placed[]; shortest: number }>;
};

const LOOK_EVERY_MS = 100;

/** Keeps at least `messages` messages in the orders' queue. Resolves when it has that many for the first time. */
export async function keepBacklog(
  system: ChaosSystem,
  { messages, firstIndex }: { messages: number; firstIndex: number },
): Promise<Backlog> {
  const baseUrl = await system.apiUrl();
  const placed: Placed[] = [];
  let isComplete = false;
  let stopped = false;
  let shortest = Infinity;

  async function topUp(): Promise<void> {
    while (!stopped) {
      const { orders: depth } = (await remainingWork(system.operator)).messages;
      isComplete ||= depth >= messages;
      if (isComplete) shortest = Math.min(shortest, depth);
      const count = messages - depth;
      if (count <= 0) await pause(LOOK_EVERY_MS);
      else
        placed.push(
          ...(await placeOrders({ baseUrl, count, firstIndex: firstIndex + placed.length, until: 'accepted' })),
        );
    }
  }
  const done = topUp();
  // `stop` awaits it; without this, an earlier rejection would be unhandled.
  done.catch(() => undefined);
  const stop = async () => {
    stopped = true;
    await done;
    return { placed, shortest };
  };
  try {
    await eventually(async () => isComplete, `a backlog of ${messages} messages`, 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
