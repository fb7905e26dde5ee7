/** A problem that the user can fix: `message` says what is wrong, `fix` what to do. */
export class LocalError extends Error {
  /** @param {string} message @param {string} fix */
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

/** Prints the stack only of a defect of the tool. @param {any} error */
export function printProblem(error) {
  const { message, fix, stack, code } = error;
  const text = error instanceof LocalError || code ? message : (stack ?? message);
  process.stderr.write(`\n${text}\n${fix ? `\nWhat to do: ${fix}\n` : ''}`);
}
