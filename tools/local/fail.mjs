/** Something that the person at the keyboard can mend: the message says what is wrong, `fix` what to do. */
export class LocalError extends Error {
  /**
   * @param {string} message
   * @param {string} fix
   */
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}
