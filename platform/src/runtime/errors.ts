import { types } from 'node:util';

/** No retry can help this message: it goes to the dead-letter queue at once. `code` is machine-readable. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  /** Where the problem is in the message's body. */
  readonly path: string | undefined;

  constructor(
    readonly code: string,
    message: string,
    { path, cause }: { path?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
  }
}

/** The process cannot start with this configuration. The message names every wrong key and never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Converts anything thrown to an Error, even an object that cannot be converted to text. */
export function toError(thrown: unknown): Error {
  // Errors of Node itself are not of this realm under Jest.
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error('something was thrown that cannot be converted to text');
  }
}

const A_NAME = /^[A-Za-z][\w.]{0,63}$/;

/**
 * The name and code of an error, which anyone may read. Its text may name hosts, roles or customers, so it goes to the log
 * only.
 */
export function publicNameOf(error: Error): string {
  // Any library may have thrown this: neither must be a string.
  const { name: given, code } = error as { name?: unknown; code?: unknown };
  const name = typeof given === 'string' && A_NAME.test(given) ? given : 'Error';
  return typeof code === 'string' && A_NAME.test(code) && code !== name ? `${name} (${code})` : name;
}
