import { styleText } from 'node:util';

/** A command's access to terminal and time. */
export type Terminal = {
  /** Results. */
  out: (text: string) => void;
  /** Everything but results: progress, questions, refusals. */
  err: (text: string) => void;
  /** The user can answer questions. */
  interactive: boolean;
  /** Lines on `err` may overwrite themselves. */
  movingLines: boolean;
  /** `out` is a terminal: it can be cleared. */
  screen: boolean;
  /** `out` is a terminal with colours enabled. */
  colours: boolean;
  ask: (question: string) => Promise<string>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Epoch ms, to compare with stored times. */
  now: () => number;
  /** Monotonic ms since the start of the command. */
  elapsedMs: () => number;
  pause: (ms: number) => Promise<unknown>;
};

export type Deadline = {
  signal: AbortSignal;
  withinMs: number;
};

export function startDeadline({ pause }: Pick<Terminal, 'pause'>, withinMs: number): Deadline {
  const over = new AbortController();
  const end = () => {
    over.abort(Object.assign(new Error(`no answer within ${withinMs / 1_000} s`), { name: 'TimeoutError' }));
  };
  // Ctrl-C needs no handling here: the waiting code receives it as well.
  pause(withinMs).then(end, () => undefined);
  return { signal: over.signal, withinMs };
}

/** Rejects on Ctrl-C or at the deadline, even if the work continues. */
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
  // Interrupted before it began: ignore the result.
  return Promise.race([interrupted, work]).finally(() => {
    over.abort();
  });
}

export function paint(
  { colours }: Pick<Terminal, 'colours'>,
  style: 'bold' | 'dim' | 'red' | 'green' | 'yellow',
  line: string,
): string {
  if (!colours) return line;
  const text = line.trimEnd();
  return styleText(style, text, { validateStream: false }) + line.slice(text.length);
}

/** Removes control characters from untrusted text. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** One line of a table. A long text shifts the other columns; nothing is cut off. */
export function row(texts: readonly string[], widths: readonly number[]): string {
  return `${texts
    .map((text, index) => printable(text).padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
}

/** Prints labelled facts, one per line. Undefined facts are left out. */
export function printFacts(
  facts: Readonly<Record<string, string | number | undefined>>,
  labelWidth: number,
  { out }: Pick<Terminal, 'out'>,
): void {
  for (const [label, fact] of Object.entries(facts))
    if (fact !== undefined) out(row([label, String(fact)], [labelWidth]));
}

/** Pads columns to their widest text. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((texts) => printable(texts[index] ?? '').length)),
  );
  return rows.map((texts) => row(texts, widths));
}

/** Prints a table below its titles. Rows that `isBad` are red. */
export function printTable(
  terminal: Pick<Terminal, 'out' | 'colours'>,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  isBad: (index: number) => boolean,
): void {
  const [title = '', ...lines] = table([titles, ...rows]);
  terminal.out(paint(terminal, 'bold', title));
  for (const [index, line] of lines.entries()) terminal.out(isBad(index) ? paint(terminal, 'red', line) : line);
}

const PROGRESS_EVERY_MS = { moving: 100, otherwise: 5_000 };

/** Shows progress: a moving line in a terminal, otherwise a line now and then. */
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
    end: (): void => {
      if (moving) err('\r\u001b[2K');
      moving = false;
    },
  };
}
