/** An item that looked wrong, or that only a message in a queue explains. */
export type Suspect = { item: 'order' | 'notification'; id: string; seenAt: number };

type Options = {
  /** How long after the first look the second one is taken. */
  pauseMs: number;
  /** Goes forward only, as `seenAt` does. */
  elapsedMs: () => number;
  pause: (ms: number) => Promise<unknown>;
  /** Takes the second look. */
  recheck: (suspects: Suspect[]) => Promise<void>;
};

const CHUNK = 100;
/** Bounds the memory; with more than this many at once, the audit waits for the oldest. */
const MAX_WAITING = 5_000;

/** Suspects wait here for their second look, so that a system in motion has had the time to move. */
export function createRecheck({ pauseMs, elapsedMs, pause, recheck }: Options) {
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
