export type OutageCounts = {
  /** How many receives of the message ended in an outage, as far as this process knows. */
  of(messageId: string): number;
  add(messageId: string): void;
};

/** Messages that are remembered: the latest, and more of them than can be in flight. */
const MAX_REMEMBERED = 10_000;

export function createOutageCounts(): OutageCounts {
  const counts = new Map<string, number>();
  return {
    of: (messageId) => counts.get(messageId) ?? 0,
    add: (messageId) => {
      const count = counts.get(messageId) ?? 0;
      counts.delete(messageId);
      counts.set(messageId, count + 1);
      const [oldest] = counts.keys();
      if (counts.size > MAX_REMEMBERED && oldest !== undefined) counts.delete(oldest);
    },
  };
}
