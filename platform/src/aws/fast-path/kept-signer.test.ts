import { describe, expect, it, jest } from '@jest/globals';
import { keepSigner } from './kept-signer.js';

type Config = Parameters<typeof keepSigner>[0];

describe('a client that keeps its signer', () => {
  it('makes it once, and again after it could not be made', async () => {
    const signer = { sign: () => undefined };
    const make = jest.fn(() => Promise.resolve(signer)).mockRejectedValueOnce(new Error('no region'));
    const config = { signer: make } as unknown as Config;
    keepSigner(config);
    await expect(config.signer()).rejects.toThrow('no region');
    expect(await config.signer()).toBe(signer);
    expect(await config.signer()).toBe(signer);
    expect(make).toHaveBeenCalledTimes(2);
  });
});
