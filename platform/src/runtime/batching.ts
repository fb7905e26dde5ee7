type BatcherOptions<Item, Result> = {
  maxItems: number;
  /** Largest sum of `sizeOf` over a batch. */
  maxBytes?: number;
  sizeOf?: (item: Item) => number;
  /** Requests in flight at a time. */
  concurrency: number;
  /** Items that may wait; one more is refused. */
  capacity: number;
  /** No batch holds two items of one key: the second waits for a later one. */
  keyOf?: (item: Item) => string;
  /** Whether a failed request says that those waiting have waited in vain: they get its error, and are not sent. */
  failsWaiting?: (error: unknown) => boolean;
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
 * Group commit: an idle batcher sends at the end of the event loop's turn, so that what is submitted in one turn goes
 * together; what arrives while `concurrency` requests are in flight waits and goes as the next batch. No timer, so
 * nothing waits for company at low load.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
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
        // An item larger than the limit goes alone: the service says what is wrong with it.
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
        const outcome = results[index];
        if (!outcome) reject(new Error('the service answered for fewer entries than were sent'));
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
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
        // Those who have their results now may have more to send.
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
    submit: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= capacity) {
          reject(new OverloadedError('too many entries are waiting to be sent'));
          return;
        }
        waiting.push({ item, resolve, reject });
        pumpAtTurnEnd();
      }),
    idle: () =>
      new Promise((resolve) => {
        whenIdle.push(resolve);
        pumpAtTurnEnd();
      }),
  };
}
