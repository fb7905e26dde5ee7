import { isUnavailable } from '@orderflow/platform/aws/error-kind';
import { toError } from '@orderflow/platform/runtime/errors';
import { printable, unlessInterrupted, type Deadline, type Terminal } from './terminal.js';

/** Why a host was unreachable. Node's error for several addresses has no message. */
export function reasonOf(thrown: unknown): string {
  const { message, name, code, errors } = toError(thrown) as Error & { code?: unknown; errors?: unknown };
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const text = message || (first instanceof Error && first.message) || (typeof code === 'string' ? code : name);
  return printable(text);
}

/** Prints one line when a system becomes unavailable, and one when it is back. */
export function createOutage({ err, elapsedMs }: Pick<Terminal, 'err' | 'elapsedMs'>, what: string) {
  let since: number | undefined;
  return {
    begin: (error: unknown): void => {
      if (since !== undefined) return;
      since = elapsedMs();
      err(`${what} cannot be reached (${reasonOf(error)}); trying again until it can.\n`);
    },
    end: (): void => {
      if (since === undefined) return;
      err(`${what} is back after ${Math.ceil((elapsedMs() - since) / 1_000)} s.\n`);
      since = undefined;
    },
    isOpen: (): boolean => since !== undefined,
  };
}

type Options = {
  where: string;
  everyMs: number;
  /** The time limit, which also ends a hanging round. */
  deadline?: Deadline | undefined;
};

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
    return 2;
  }
}
