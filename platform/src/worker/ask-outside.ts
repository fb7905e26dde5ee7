import { isUnavailable } from '../aws/error-kind.js';
import { PermanentError, toError } from '../runtime/errors.js';

/** An external system failed with an error that would mean something else in our pipeline. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

/**
 * Calls an external system. All its errors lead to a retry. A refused connection must not open the breaker, which watches
 * AWS, and no error of this system dead-letters a message.
 * @param who for the log
 */
export async function askOutside<T>(who: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const error = toError(thrown);
    // Without a cause, because isUnavailable looks at causes too.
    if (error instanceof PermanentError || isUnavailable(error)) throw new OutsideError(`${who}: ${error.message}`);
    throw error;
  }
}
