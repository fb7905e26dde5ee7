import { describe, expect, it } from '@jest/globals';
import { OperatorError } from '../operator-error.js';
import { requireToken } from './token-source.js';

const failing = (error: Error) => ({ headers: () => Promise.reject(error), forget: () => undefined });

describe('requireToken', () => {
  it('reports what the user has to do', async () => {
    const error = Object.assign(new Error('No client is set.'), { fix: 'set OIDC_CLIENT_ID.' });
    const required = requireToken(failing(error));
    await expect(required).rejects.toThrow('No client is set.\n\nWhat to do: set OIDC_CLIENT_ID.');
    await expect(required).rejects.toBeInstanceOf(OperatorError);
  });

  it('leaves it to the command to wait for an API that is away', async () => {
    await expect(requireToken(failing(new Error('no answer')))).resolves.toBeUndefined();
  });
});
