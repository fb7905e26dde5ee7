type BatcherOptions<Item, Result> = {
  maxItems: number;
  /** Largest sum of `sizeOf` over a batch. */
  maxBytes?: number;
  sizeOf?: (item: Item) => number;
  /** Requests in flight at a time. */
  concurrency: number;
  /** Items that may wait; one more is refused. */
  capacity: number;
  /** One result per item, in order. What it throws every item of the batch gets. */
  send: (items: Item[]) => Promise<({ result: Result } | { error: unknown })[]>;
};

export type Batcher<Item, Result> = {
  submit(item: Item): Promise<Result>;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
};

/** The waiting room is full: the service behind it has been too slow for too long. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * Group commit: an idle batcher sends at once; what arrives while `concurrency` requests are in flight waits and goes
 * as the next batch. No timer, so nothing waits for company at low load.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { maxItems, maxBytes = Infinity, sizeOf = () => 0, concurrency, capacity, send } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let whenIdle: (() => void)[] = [];

  function takeBatch(): Waiting<Item, Result>[] {
    let bytes = 0;
    let count = 0;
    for (const { item } of waiting) {
      bytes += sizeOf(item);
      // An item larger than the limit goes alone: the service says what is wrong with it.
      if (count === maxItems || (count > 0 && bytes > maxBytes)) break;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  }

  async function sendBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await send(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = results[index];
        if (!outcome) reject(new Error('the service answered for fewer entries than were sent'));
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function pump(): void {
    while (inFlight < concurrency && waiting.length > 0) {
      inFlight += 1;
      void sendBatch(takeBatch()).finally(() => {
        inFlight -= 1;
        pump();
      });
    }
    if (inFlight === 0 && waiting.length === 0) {
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    }
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= capacity) {
          reject(new OverloadedError('too many entries are waiting to be sent'));
          return;
        }
        waiting.push({ item, resolve, reject });
        // In a microtask, so that what is submitted together goes together.
        queueMicrotask(pump);
      }),
    idle: () =>
      new Promise((resolve) => {
        whenIdle.push(resolve);
        queueMicrotask(pump);
      }),
  };
}
