import { expect, it } from '@jest/globals';
import type { SystemState } from '@orderflow/contracts';
import { createFedSystem } from '@orderflow/testing/api-gateway/fed-system';

const stateAt = (second: number): SystemState => ({
  at: new Date(second * 1_000).toISOString(),
  queues: [],
  flow: [],
  orders: [],
});

it.each([0, 1, 2, 3, 4, 5])('misses no update that comes %i turns after the first read', async (turns) => {
  let state = stateAt(0);
  const listeners = new Set<(update: SystemState) => void>();
  const update = () => {
    state = stateAt(1);
    for (const listener of listeners) listener(state);
  };
  const feed = Object.assign(createFedSystem().feed, {
    current: async () => {
      let waiting = Promise.resolve();
      for (let turn = 0; turn < turns; turn++) waiting = waiting.then(() => undefined);
      void waiting.then(update);
      return Promise.resolve(state);
    },
    whole: () => state,
    subscribe: (listener: (update: SystemState) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const body = await feed.watch({ key: 'client' });
  await new Promise(setImmediate);
  const text = String(body.read());
  body.destroy();
  expect(text.trimEnd().split('\n\n').at(-1)).toContain(stateAt(1).at);
});
