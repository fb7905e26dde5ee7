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
  ask: (question: string) => Promise<string>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  now: () => number;
  pause: (ms: number) => Promise<unknown>;
};

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

const PROGRESS_EVERY_MS = { moving: 100, otherwise: 5_000 };

/** Shows how far a command is: a moving line on a terminal, a line now and then anywhere else. */
export function createProgress({ err, movingLines, now }: Pick<Terminal, 'err' | 'movingLines' | 'now'>) {
  const everyMs = movingLines ? PROGRESS_EVERY_MS.moving : PROGRESS_EVERY_MS.otherwise;
  let shownAt = now();
  let moving = false;
  return {
    show: (text: string): void => {
      if (now() - shownAt < everyMs) return;
      shownAt = now();
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
