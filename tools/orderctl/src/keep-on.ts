import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import { createOutage } from './outage.js';
import { unlessInterrupted, type Deadline, type Terminal } from './terminal.js';

type Options = {
  where: string;
  everyMs: number;
  /** The time limit, which also ends a hanging round. */
  deadline?: Deadline | undefined;
};

/** AWS was unavailable at the deadline, so the output is incomplete. */
const ENDED_AWAY = 2;

/**
 * Repeats rounds until one reports the end. While AWS is unavailable, a round is retried. The outage and its end are
 * reported once.
 * @returns 130 after Ctrl-C; 2 when the time is over while AWS is away; else 0
 */
export async function keepOn(
  terminal: Terminal,
  { where, everyMs, deadline }: Options,
  round: () => Promise<'again' | 'enough'>,
): Promise<number> {
  const outage = createOutage(terminal, where);
  let answers = 0;
  try {
    for (;;) {
      try {
        const next = await unlessInterrupted(terminal, round(), deadline);
        outage.end();
        answers += 1;
        if (next === 'enough') return 0;
      } catch (error) {
        if (terminal.signal.aborted || deadline?.signal.aborted || !isUnavailable(error)) throw error;
        outage.begin(error);
      }
      await unlessInterrupted(terminal, terminal.pause(everyMs), deadline);
    }
  } catch (error) {
    if (terminal.signal.aborted) return 130;
    if (!deadline?.signal.aborted) throw error;
    if (answers > 0 && !outage.isOpen()) return 0;
    terminal.err(`${where} could not be reached until the end of the ${deadline.withinMs / 1_000} s.\n`);
    return ENDED_AWAY;
  }
}
