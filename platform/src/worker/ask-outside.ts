import { isUnavailable } from '../aws/error-kind.js';
import { PermanentError, toError } from '../runtime/errors.js';

/** A call to a system outside failed with an error that would mean something else here. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

/**
 * Calls a system that is neither AWS nor ours. Its trouble is retried, whatever it looks like: a refused connection to it
 * must not open the breaker, which watches AWS, and none of its errors dead-letters a message.
 * @param who for the log
 */
export async function askOutside<T>(who: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const error = toError(thrown);
    // Without a cause: whoever judges an error looks at its causes, too.
    if (error instanceof PermanentError || isUnavailable(error)) throw new OutsideError(`${who}: ${error.message}`);
    throw error;
  }
}
