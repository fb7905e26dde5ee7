import { createRecent } from './recent.js';

export type OutageCounts = {
  /** How many receives of the message ended in an outage in this process. */
  of(messageId: string): number;
  add(messageId: string): void;
};

export function createOutageCounts(): OutageCounts {
  const counts = createRecent<number>();
  const of = (messageId: string): number => counts.get(messageId) ?? 0;
  return {
    of,
    add: (messageId) => {
      counts.set(messageId, of(messageId) + 1);
    },
  };
}
