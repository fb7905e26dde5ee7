import { OperatorError } from '../operator-error.js';

/** tools/local/access-token.mjs, bound to one API. */
export type TokenSource = {
  /** `authorization`, if the API needs a token. @throws with `fix`, when the user has to do something */
  headers: () => Promise<Readonly<Record<string, string>>>;
  /** The API has refused the token: the next request gets a new one. */
  forget: () => void;
};

/** Where the API is, and how to sign in to it. */
export type ApiTarget = { url: string; tokens: TokenSource };

/**
 * Gets the first token. An API that is away may come back; a missing client must be reported at once.
 * @throws OperatorError when no token can be got
 */
export async function requireToken({ headers }: TokenSource): Promise<void> {
  try {
    await headers();
  } catch (error) {
    const { message, fix } = error as Error & { fix?: string };
    if (fix !== undefined) throw new OperatorError(`${message}\n\nWhat to do: ${fix}`, { cause: error });
  }
}
