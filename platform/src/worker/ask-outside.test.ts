import { describe, expect, it } from '@jest/globals';
import { isUnavailable } from '../aws/error-kind.js';
import { PermanentError, toError } from '../runtime/errors.js';
import { connectionRefused, internalServerError, throttled, timedOut } from '@orderflow/testing/aws/aws-errors';
import { askOutside } from './ask-outside.js';

describe('a call to an external system', () => {
  it('returns its answer', async () => {
    expect(await askOutside('it', async () => 7)).toBe(7);
  });

  it('passes on errors that have no meaning for the pipeline', async () => {
    const error = new RangeError('no');
    await expect(askOutside('it', () => Promise.reject(error))).rejects.toBe(error);
  });

  it.each([
    ['an outage of AWS', connectionRefused()],
    ['a timeout', timedOut()],
    ['a timeout of the platform', Object.assign(new Error('too late'), { name: 'TimeoutError' })],
    ['throttling', throttled()],
    ['an answer of 500', internalServerError()],
    ['an outage deep inside', new TypeError('fetch failed', { cause: connectionRefused() })],
    ['a permanent error', new PermanentError('INVALID_EVENT', 'no')],
  ])('that fails with %s leads to a retry only', async (_, error) => {
    const failed = await askOutside('the provider', () => Promise.reject(error)).catch(toError);
    expect(failed).toMatchObject({ name: 'OutsideError', message: `the provider: ${error.message}` });
    expect(isUnavailable(failed)).toBe(false);
    expect(failed).not.toBeInstanceOf(PermanentError);
  });

  it.each([undefined, null, 'text', 7, Symbol('s'), Object.create(null) as object, { toString: 1 }])(
    'may throw %p',
    async (thrown) => {
      const failed: unknown = await askOutside('it', () => Promise.reject(thrown as Error)).catch(
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(Error);
    },
  );
});
