/** What happens to a step of an actor. */
export const FATES = ['answered', 'answer lost', 'request lost', 'sent twice', 'copied', 'late'] as const;
export type Fate = (typeof FATES)[number];

type Turn = { label: string; take: (fate: Fate) => Promise<void> };

/** The sender cannot know whether its statement was applied. */
export class Lost extends Error {
  override readonly name = 'TimeoutError';
}

export type Turns = {
  count: () => number;
  /** Waits for this step's turn, then runs `act`: once, twice, never, or without reporting the result. */
  wait: <T>(label: string, act: (isHeard: boolean) => Promise<T>) => Promise<T>;
  /** Runs the waiting step at `index` modulo their count. Resolves when its actor waits again or has ended. */
  take: (index: number, fate: Fate) => Promise<void>;
  /** The process of the step's actor dies before the step. */
  drop: (index: number) => void;
};

/** Resolves when all actors wait. They run on microtasks only, which end before the next macrotask. */
export const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * Runs concurrent actors one step at a time, in a given order, so that every interleaving can be repeated.
 * `fail` receives the error of a step that no caller awaits.
 */
export function createTurns(log: (line: string) => void, fail: (error: unknown) => void): Turns {
  const waiting: Turn[] = [];

  function wait<T>(label: string, act: (isHeard: boolean) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const later = () => {
        waiting.push({
          label: `${label} (copy)`,
          take: async () => {
            await act(false);
          },
        });
      };
      const take = async (fate: Fate): Promise<void> => {
        if (fate === 'request lost' || fate === 'late') {
          if (fate === 'late') later();
          reject(new Lost(fate));
          return;
        }
        const first = await act(true);
        if (fate === 'answer lost') {
          reject(new Lost(fate));
          return;
        }
        if (fate === 'copied') later();
        resolve(fate === 'sent twice' ? await act(true) : first);
      };
      waiting.push({ label, take });
    });
  }

  const remove = (index: number): Turn | undefined => waiting.splice(index % waiting.length, 1)[0];

  return {
    count: () => waiting.length,
    wait,
    take: async (index, fate) => {
      const turn = remove(index);
      if (!turn) return;
      log(`${turn.label}: ${fate}`);
      await turn.take(fate).catch(fail);
      await settled();
    },
    drop: (index) => {
      const turn = remove(index);
      if (turn) log(`${turn.label}: dies before`);
    },
  };
}
