import { describe, expect, it } from '@jest/globals';
import { startTokens } from '@orderflow/testing/api-gateway/access-tokens';
import { createIssuer, JWT_MODE, newKey } from '@orderflow/testing/api-gateway/issuer';
import { NOW_MS, quiet } from '@orderflow/testing/api-gateway/start-api';
import { loadConfig } from '../config.js';
import { createAccessTokens } from './access-tokens.js';
import type { IssuerKeys } from './issuer-keys.js';

const NOW = Math.floor(NOW_MS / 1_000);

describe('a verified token', () => {
  it('is remembered until it expires', async () => {
    const { tokens, sign, time } = await startTokens();
    const token = await sign({ exp: NOW + 30 });
    expect(tokens.remembered(token)).toBeUndefined();
    const caller = await tokens.verify(token);
    expect(tokens.remembered(token)).toBe(caller);
    time.ms = (NOW + 30 + 60) * 1_000 - 1;
    await tokens.verify(token);
    expect(tokens.remembered(token)).toEqual(caller);
    time.ms += 1;
    expect(tokens.remembered(token)).toBeUndefined();
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('is not remembered under any other text', async () => {
    const { tokens, sign } = await startTokens();
    const token = await sign();
    await tokens.verify(token);
    for (const other of [`${token} `, `${token}.`, token.slice(0, -1), token.toUpperCase()]) {
      expect(tokens.remembered(other)).toBeUndefined();
    }
  });

  it('is judged by the wall clock, also after that was set', async () => {
    const { tokens, sign, time } = await startTokens();
    const token = await sign({ exp: NOW + 30, nbf: NOW });
    const caller = await tokens.verify(token);
    time.wallIsOffByMs = 90_000;
    expect(tokens.remembered(token)).toBeUndefined();
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    time.wallIsOffByMs = -60_000;
    expect(await tokens.verify(token)).toEqual(caller);
    time.wallIsOffByMs = -3_600_000;
    expect(tokens.remembered(token)).toEqual(caller);
  });

  it('is refused within a minute after its key was removed, even if no other token is used', async () => {
    const { tokens, sign, state, time, verify } = await startTokens();
    const token = await sign();
    await tokens.verify(token);
    state.keys = [await newKey('second')];
    for (let second = 0; second <= 60; second++) {
      time.ms = NOW_MS + second * 1_000;
      expect(tokens.remembered(token)).toBeDefined();
    }
    // The last of them has asked the issuer.
    await quiet();
    expect(tokens.remembered(token)).toBeUndefined();
    expect(await verify(token)).toBe('the issuer has no such key.');
  });

  it('is refused at once after its key was removed while there were no requests', async () => {
    const { tokens, sign, state, time, verify } = await startTokens();
    const token = await sign();
    await tokens.verify(token);
    state.keys = [await newKey('second')];
    time.ms += 300_000;
    expect(tokens.remembered(token)).toBeUndefined();
    expect(await verify(token)).toBe('the issuer has no such key.');
  });

  it('is accepted while the issuer is away, however long', async () => {
    const { tokens, sign, state, time } = await startTokens();
    const token = await sign({ exp: NOW + 100_000 });
    await tokens.verify(token);
    state.isAway = true;
    for (const minutes of [1, 2, 60, 61, 1_000]) {
      time.ms = NOW_MS + minutes * 60_000;
      const caller = tokens.remembered(token) ?? (await tokens.verify(token));
      expect(caller.subject).toBe('alice');
      await quiet();
    }
  });

  it('is not remembered if the keys changed during its verification', async () => {
    const issuer = await createIssuer();
    const keys = { version: 1, isChanging: true };
    const changing: IssuerKeys = {
      keyOf: () => {
        if (keys.isChanging) {
          keys.version += 1;
          // Another request notices the change first.
          tokens.remembered('other');
        }
        return issuer.first.publicKey;
      },
      refresh: () => true,
      version: () => keys.version,
      check: () => Promise.resolve(),
    };
    const tokens = createAccessTokens(loadConfig(JWT_MODE), changing, () => NOW_MS);
    const token = await issuer.sign();
    await tokens.verify(token);
    expect(tokens.remembered(token)).toBeUndefined();
    keys.isChanging = false;
    await tokens.verify(token);
    expect(tokens.remembered(token)).toMatchObject({ subject: 'alice' });
  });

  it('is forgotten when 10,000 others were used since', async () => {
    const { tokens, sign } = await startTokens();
    const token = await sign();
    const used = await sign({ jti: 'used' });
    await tokens.verify(token);
    await tokens.verify(used);
    const others = await Promise.all(Array.from({ length: 9_999 }, (_, index) => sign({ jti: String(index) })));
    for (const other of others) {
      await tokens.verify(other);
      tokens.remembered(used);
    }
    expect(tokens.remembered(token)).toBeUndefined();
    expect(tokens.remembered(used)).toBeDefined();
    expect(tokens.remembered(others[0] ?? '')).toBeDefined();
  });
});
