/** What becomes of a step of an actor, as seen from outside. For the work of a handler: it ends well, or throws. */
export const FATES = ['answered', 'answer lost', 'request lost', 'sent twice', 'copied', 'late'] as const;
export type Fate = (typeof FATES)[number];

type Turn = { label: string; take: (fate: Fate) => Promise<void> };

/** Nobody can tell whether the statement was applied. */
export class Lost extends Error {
  override readonly name = 'TimeoutError';
}

export type Turns = {
  count: () => number;
  /** Waits until it is this step's turn, then does it. `act` may be done more than once, never, or unheard. */
  wait: <T>(label: string, act: (isHeard: boolean) => Promise<T>) => Promise<T>;
  /** Lets the step at `index`, modulo their number, happen; resolves when its actor waits again, or has ended. */
  take: (index: number, fate: Fate) => Promise<void>;
  /** The process of the step's actor dies before the step. */
  drop: (index: number) => void;
};

/** Everything that actors have pending runs on microtasks, all of which are done before the next macrotask. */
export const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * Runs concurrent actors one step at a time, in an order given from outside, so that every interleaving can be repeated.
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
