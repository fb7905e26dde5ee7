type Options<Suspect> = {
  pauseMs: number;
  /** Monotonic ms, like `seenAt`. */
  elapsedMs: () => number;
  pause: (ms: number) => Promise<unknown>;
  recheck: (suspects: Suspect[]) => Promise<void>;
};

const CHUNK = 100;
/** Bounds the memory. With more than this many, the audit waits for the oldest. */
const MAX_WAITING = 5_000;

/** Suspects wait here for their second look. Meanwhile a running system can make progress. */
export function createRecheck<Suspect extends { seenAt: number }>(options: Options<Suspect>) {
  const { pauseMs, elapsedMs, pause, recheck } = options;
  let waiting: Suspect[] = [];

  async function takeOldest(): Promise<void> {
    const chunk = waiting.slice(0, CHUNK);
    waiting = waiting.slice(CHUNK);
    const youngest = chunk.at(-1);
    if (!youngest) return;
    const restMs = youngest.seenAt + pauseMs - elapsedMs();
    if (restMs > 0) await pause(restMs);
    await recheck(chunk);
  }

  return {
    add: async (suspects: readonly Suspect[]): Promise<void> => {
      waiting.push(...suspects);
      while (waiting.length > MAX_WAITING) await takeOldest();
    },
    drain: async (): Promise<void> => {
      while (waiting.length > 0) await takeOldest();
    },
  };
}
