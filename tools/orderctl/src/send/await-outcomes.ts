import { type OrderPage } from '@orderflow/contracts';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import { OperatorError } from '../operator-error.js';
import { unlessInterrupted, type Deadline } from '../terminal.js';
import type { Api } from './api.js';
import { untilAnswered, type Retrying } from './until-answered.js';

export type Outcomes = {
  completed: number;
  failed: number;
  /** Not seen to finish. */
  unfinished: number;
};

type Options = {
  customerId: string;
  /** Accepted orders. There may be more, whose answers were lost. */
  accepted: number;
  deadline: Deadline;
  onProgress: (ended: number) => void;
};

const PAGE_SIZE = 100;
/** A round reads many pages. Leave capacity for other clients. */
const PAUSE_MS = { perRound: 500, perPage: 20 };

/**
 * Waits until all orders of a customer have finished, or until the deadline. Reads page by page, so memory does not
 * grow.
 */
export async function awaitOutcomes(
  api: Api,
  { customerId, accepted, deadline, onProgress }: Options,
  retrying: Retrying,
): Promise<Outcomes> {
  const { terminal } = retrying;
  let lastSeen: Outcomes | undefined;

  async function look(): Promise<{ found: Outcomes; pages: number }> {
    const found = { completed: 0, failed: 0, unfinished: 0 };
    const query = new URLSearchParams({ customerId, limit: String(PAGE_SIZE) });
    for (let pages = 1; ; pages++) {
      const { answer } = await untilAnswered(() => api.get(`/api/orders?${query.toString()}`), retrying);
      if (answer?.status !== 200) {
        throw new OperatorError(`The outcomes cannot be read: the API gave ${answer?.status ?? 'no answer'}.`);
      }
      const { items, nextCursor } = answer.body as OrderPage;
      for (const order of items) {
        if (!isFinished({ states: ORDER_STATES }, order)) found.unfinished += 1;
        else if (order.status === ORDER_STATES.completed) found.completed += 1;
        else found.failed += 1;
      }
      if (nextCursor) {
        query.set('cursor', nextCursor);
      } else {
        found.unfinished = Math.max(found.unfinished, accepted - found.completed - found.failed);
        return { found, pages };
      }
    }
  }

  try {
    for (;;) {
      const { found, pages } = await unlessInterrupted(terminal, look(), deadline);
      lastSeen = found;
      onProgress(found.completed + found.failed);
      if (found.unfinished === 0) return found;
      const pauseMs = PAUSE_MS.perRound + pages * PAUSE_MS.perPage;
      await unlessInterrupted(terminal, terminal.pause(pauseMs), deadline);
    }
  } catch (error) {
    if (terminal.signal.aborted || !deadline.signal.aborted) throw error;
    if (lastSeen) return lastSeen;
    throw new OperatorError(`The outcomes could not be read within ${deadline.withinMs / 1_000} s.`, { cause: error });
  }
}
