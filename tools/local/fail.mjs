/** A problem that the user can fix: `message` says what is wrong, `fix` what to do. */
export class LocalError extends Error {
  /** @param {string} message @param {string} fix */
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

/** @param {string} message @param {string} [fix] */
export function printProblem(message, fix) {
  process.stderr.write(`\n${message}\n${fix ? `\nWhat to do: ${fix}\n` : ''}`);
}
