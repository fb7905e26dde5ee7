import { styleText } from 'node:util';

/** What a command meets of the world around it. */
export type Terminal = {
  /** Results. */
  out: (text: string) => void;
  /** Everything that is not a result: progress, questions, refusals. */
  err: (text: string) => void;
  /** Somebody can answer a question. */
  interactive: boolean;
  /** Lines on `err` may overwrite themselves. */
  movingLines: boolean;
  /** `out` is a terminal: it can be cleared. */
  screen: boolean;
  /** `out` is a terminal on which somebody wants colours. */
  colours: boolean;
  ask: (question: string) => Promise<string>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Epoch ms: for what was written with such a time. */
  now: () => number;
  /** Ms since the command began, for durations: never goes back. */
  elapsedMs: () => number;
  pause: (ms: number) => Promise<unknown>;
};

/** Something that was to end in time. */
export type Deadline = {
  /** Aborted when the time is over. */
  signal: AbortSignal;
  withinMs: number;
};

export function startDeadline({ pause }: Pick<Terminal, 'pause'>, withinMs: number): Deadline {
  const over = new AbortController();
  const end = () => {
    over.abort(Object.assign(new Error(`no answer within ${withinMs / 1_000} s`), { name: 'TimeoutError' }));
  };
  // A pause that Ctrl-C ends needs no word of its own: whoever waits for the deadline hears of Ctrl-C, too.
  pause(withinMs).then(end, () => undefined);
  return { signal: over.signal, withinMs };
}

/** Rejects when Ctrl-C is pressed or the time is over, whatever becomes of the work. */
export async function unlessInterrupted<T>(
  { signal }: Pick<Terminal, 'signal'>,
  work: Promise<T>,
  deadline?: Deadline,
): Promise<T> {
  const signals = [signal, ...(deadline ? [deadline.signal] : [])];
  const over = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    for (const one of signals) {
      const give = () => {
        reject(one.reason as Error);
      };
      if (one.aborted) give();
      else one.addEventListener('abort', give, { signal: over.signal });
    }
  });
  // Interrupted before it began: the work's own answer does not count.
  return Promise.race([interrupted, work]).finally(() => {
    over.abort();
  });
}

/** A whole line in a colour, where there are any. */
export function paint(
  { colours }: Pick<Terminal, 'colours'>,
  style: 'bold' | 'dim' | 'red' | 'green' | 'yellow',
  line: string,
): string {
  if (!colours) return line;
  const text = line.trimEnd();
  return styleText(style, text, { validateStream: false }) + line.slice(text.length);
}

/** Text of unknown origin, without what a terminal would take for a command. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** One line of a table; a text that is too long for its column pushes the rest to the right, nothing is cut off. */
export function row(texts: readonly string[], widths: readonly number[]): string {
  return `${texts
    .map((text, index) => printable(text).padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
}

/** Lines whose columns are as wide as their widest text. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((texts) => printable(texts[index] ?? '').length)),
  );
  return rows.map((texts) => row(texts, widths));
}

const PROGRESS_EVERY_MS = { moving: 100, otherwise: 5_000 };

/** Shows how far a command is: a moving line on a terminal, a line now and then anywhere else. */
export function createProgress({ err, movingLines, elapsedMs }: Pick<Terminal, 'err' | 'movingLines' | 'elapsedMs'>) {
  const everyMs = movingLines ? PROGRESS_EVERY_MS.moving : PROGRESS_EVERY_MS.otherwise;
  let shownAt = elapsedMs();
  let moving = false;
  return {
    show: (text: string): void => {
      if (elapsedMs() - shownAt < everyMs) return;
      shownAt = elapsedMs();
      moving = movingLines;
      err(movingLines ? `\r\u001b[2K${text}` : `${text}\n`);
    },
    /** Clears the moving line. */
    end: (): void => {
      if (moving) err('\r\u001b[2K');
      moving = false;
    },
  };
}
