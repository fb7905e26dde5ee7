import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createBatcher, OverloadedError } from './batching.js';

type Outcome = { result: string } | { error: unknown };

/** A batcher whose requests the test answers. */
function createHeld(options: Partial<Parameters<typeof createBatcher<string, string>>[0]> = {}) {
  const requests: { items: string[]; answer: (outcomes?: Outcome[]) => void; fail: (error: unknown) => void }[] = [];
  const batcher = createBatcher<string, string>({
    maxItems: 3,
    concurrency: 1,
    capacity: 100,
    sizeOf: (item) => item.length,
    ...options,
    send: (items) =>
      new Promise((resolve, reject) => {
        const echoed = items.map((item) => ({ result: item.toUpperCase() }));
        requests.push({
          items,
          answer: (outcomes = echoed) => {
            resolve(outcomes);
          },
          fail: reject,
        });
      }),
  });
  return { batcher, requests, batches: () => requests.map(({ items }) => items) };
}

/** Waits for the end of this turn, and for its effects at the end of the next. */
async function turn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

describe('a batcher', () => {
  it('sends everything submitted in one turn at its end, when idle', async () => {
    const { batcher, requests, batches } = createHeld();
    const result = batcher.submit('a');
    void Promise.resolve().then(() => batcher.submit('b'));
    await turn();
    expect(batches()).toEqual([['a', 'b']]);
    requests[0]!.answer();
    expect(await result).toBe('A');
  });

  it('adds new submissions to the batch of the waiting items', async () => {
    const { batcher, requests, batches } = createHeld();
    const next = ['a', 'b'].map((item) => batcher.submit(item).then((result) => batcher.submit(result)));
    await turn();
    void batcher.submit('c');
    requests[0]!.answer();
    await turn();
    expect(batches()).toEqual([
      ['a', 'b'],
      ['c', 'A', 'B'],
    ]);
    requests[1]!.answer();
    await Promise.all(next);
  });

  it('collects what arrives while a request is in flight, in order', async () => {
    const { batcher, requests, batches } = createHeld();
    const results = [batcher.submit('a')];
    await turn();
    results.push(...['b', 'c', 'd', 'e'].map((item) => batcher.submit(item)));
    await turn();
    expect(batches()).toEqual([['a']]);
    requests[0]!.answer();
    await turn();
    expect(batches()).toEqual([['a'], ['b', 'c', 'd']]);
    requests[1]!.answer();
    await turn();
    requests[2]!.answer();
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('keeps to the limit of requests in flight', async () => {
    const { batcher, requests } = createHeld({ concurrency: 2, maxItems: 1 });
    for (const item of ['a', 'b', 'c']) void batcher.submit(item);
    await turn();
    expect(requests).toHaveLength(2);
    requests[1]!.answer();
    await turn();
    expect(requests).toHaveLength(3);
  });

  it('keeps a batch within its size limit, and sends a larger item alone', async () => {
    const { batcher, requests, batches } = createHeld({ maxBytes: 4, maxItems: 10, concurrency: 9 });
    for (const item of ['aa', 'bb', 'c', 'too-large', 'd']) void batcher.submit(item);
    await turn();
    expect(batches()).toEqual([['aa', 'bb'], ['c'], ['too-large'], ['d']]);
    for (const { answer } of requests) answer();
  });

  it('never puts a key into a batch twice: the second item goes first in the next batch', async () => {
    const { batcher, requests, batches } = createHeld({ keyOf: (item) => item.charAt(0) });
    for (const item of ['a1', 'a2', 'b1', 'a3', 'c1', 'b2']) void batcher.submit(item);
    await turn();
    requests[0]!.answer();
    await turn();
    requests[1]!.answer();
    await turn();
    expect(batches()).toEqual([['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']]);
  });

  it('fails the waiting items together with a request if failsWaiting is true, and sends later ones', async () => {
    const { batcher, requests, batches } = createHeld({ failsWaiting: (error) => error === 'no answer' });
    const settled = Promise.allSettled([batcher.submit('a'), turn().then(() => batcher.submit('b'))]);
    await turn();
    await turn();
    requests[0]!.fail('no answer');
    expect(await settled).toEqual([
      { status: 'rejected', reason: 'no answer' },
      { status: 'rejected', reason: 'no answer' },
    ]);
    void batcher.submit('c');
    await turn();
    expect(batches()).toEqual([['a'], ['c']]);
  });

  it('gives every item its own result', async () => {
    const { batcher, requests } = createHeld();
    const settled = Promise.allSettled(['a', 'b', 'c'].map((item) => batcher.submit(item)));
    await turn();
    requests[0]!.answer([{ result: 'A' }, { error: new Error('only b') }]);
    expect(await settled).toEqual([
      { status: 'fulfilled', value: 'A' },
      { status: 'rejected', reason: new Error('only b') },
      {
        status: 'rejected',
        reason: expect.objectContaining({ message: expect.stringContaining('fewer') as unknown }) as unknown,
      },
    ]);
  });

  it('fails the items of a failed request and continues with the next', async () => {
    const { batcher, requests } = createHeld({ maxItems: 1 });
    const settled = Promise.allSettled(['a', 'b'].map((item) => batcher.submit(item)));
    await turn();
    requests[0]!.fail(new Error('away'));
    await turn();
    requests[1]!.answer();
    expect(await settled).toEqual([
      { status: 'rejected', reason: new Error('away') },
      { status: 'fulfilled', value: 'B' },
    ]);
  });

  it('rejects items above its capacity, and accepts again when there is room', async () => {
    const { batcher, requests } = createHeld({ capacity: 2, maxItems: 1 });
    const first = batcher.submit('a');
    await turn();
    void batcher.submit('b');
    void batcher.submit('c');
    await expect(batcher.submit('d')).rejects.toBeInstanceOf(OverloadedError);
    requests[0]!.answer();
    await first;
    await turn();
    void batcher.submit('e');
    expect(requests).toHaveLength(2);
  });

  it('is idle when nothing waits and nothing is in flight', async () => {
    const { batcher, requests } = createHeld({ maxItems: 1 });
    await batcher.idle();
    void batcher.submit('a');
    void batcher.submit('b');
    let idle = false;
    const whenIdle = batcher.idle().then(() => (idle = true));
    await turn();
    requests[0]!.answer();
    await turn();
    expect(idle).toBe(false);
    requests[1]!.answer();
    await whenIdle;
    expect(requests).toHaveLength(2);
  });
});
