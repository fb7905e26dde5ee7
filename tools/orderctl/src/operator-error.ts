/** A problem that the user can fix. The message says what is wrong and what to do. Exit code 2. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
