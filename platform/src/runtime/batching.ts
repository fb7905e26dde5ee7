type BatcherOptions<Item, Result> = {
  maxItems: number;
  /** Largest sum of `sizeOf` over a batch. */
  maxBytes?: number;
  sizeOf?: (item: Item) => number;
  /** Requests in flight at a time. */
  concurrency: number;
  /** Most items that may wait. The next one is rejected with OverloadedError. */
  capacity: number;
  /** Two items with the same key never share a batch. */
  keyOf?: (item: Item) => string;
  /** True if this error also fails the items that wait: they are rejected with it and not sent. */
  failsWaiting?: (error: unknown) => boolean;
  /** Resolves with one result per item, in order. If it throws, every item of the batch is rejected. */
  send: (items: Item[]) => Promise<({ result: Result } | { error: unknown })[]>;
};

/** Too many items wait, because the service is too slow. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * Group commit. An idle batcher sends at the end of the event loop turn, so items submitted in one turn share a request.
 * Items that arrive while `concurrency` requests are in flight share the next one. There is no batching timer, so an item
 * never waits at low load.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>) {
  const { maxItems, maxBytes = Infinity, sizeOf = () => 0, concurrency, capacity, keyOf, failsWaiting, send } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let willPump = false;
  let whenIdle: (() => void)[] = [];

  function takeBatch(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    const sameKey: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    let looked = 0;
    for (const entry of waiting) {
      const key = keyOf?.(entry.item);
      if (key !== undefined && keys.has(key)) {
        sameKey.push(entry);
      } else {
        bytes += sizeOf(entry.item);
        // An item above the limit goes alone, so that the service reports what is wrong with it.
        if (batch.length > 0 && bytes > maxBytes) break;
        if (key !== undefined) keys.add(key);
        batch.push(entry);
      }
      looked += 1;
      if (batch.length === maxItems) break;
    }
    waiting = [...sameKey, ...waiting.slice(looked)];
    return batch;
  }

  async function sendBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await send(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (!result) reject(new Error('the service answered for fewer entries than were sent'));
        else if ('error' in result) reject(result.error);
        else resolve(result.result);
      });
    } catch (error) {
      const inVain = failsWaiting?.(error) === true ? waiting.splice(0) : [];
      for (const { reject } of [...batch, ...inVain]) reject(error);
    }
  }

  function pump(): void {
    while (inFlight < concurrency && waiting.length > 0) {
      inFlight += 1;
      void sendBatch(takeBatch()).finally(() => {
        inFlight -= 1;
        // Callers that now have their results may submit more in this turn.
        pumpAtTurnEnd();
      });
    }
    if (inFlight === 0 && waiting.length === 0) {
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    }
  }

  function pumpAtTurnEnd(): void {
    if (willPump) return;
    willPump = true;
    setImmediate(() => {
      willPump = false;
      pump();
    });
  }

  return {
    submit: (item: Item) =>
      new Promise<Result>((resolve, reject) => {
        if (waiting.length >= capacity) {
          reject(new OverloadedError('too many entries are waiting to be sent'));
          return;
        }
        waiting.push({ item, resolve, reject });
        pumpAtTurnEnd();
      }),
    /** Resolves when nothing waits and nothing is in flight. */
    idle: () =>
      new Promise<void>((resolve) => {
        whenIdle.push(resolve);
        pumpAtTurnEnd();
      }),
  };
}
