import { describe, expect, it } from '@jest/globals';
import { hasExpired, isDue, sessionFrom } from './session.js';

const NOW = Date.UTC(2027, 2, 14);
const after = (seconds: number) => NOW + seconds * 1_000;

describe('a session', () => {
  it('is due for renewal half a minute before its token expires', () => {
    const session = sessionFrom({ access_token: 'a', expires_in: 900 }, NOW, { id: 's1' });
    expect([isDue(session, after(869)), isDue(session, after(870))]).toEqual([false, true]);
    expect([hasExpired(session, after(899)), hasExpired(session, after(900))]).toEqual([false, true]);
  });

  it('is due in the middle of a short life', () => {
    const session = sessionFrom({ access_token: 'a', expires_in: 10 }, NOW, { id: 's1' });
    expect([isDue(session, after(4)), isDue(session, after(5))]).toEqual([false, true]);
  });

  it('lasts until the API refuses it if nobody says how long it is valid', () => {
    const session = sessionFrom({ access_token: 'a' }, NOW, { id: 's1' });
    expect([isDue(session, after(1e9)), hasExpired(session, after(1e9))]).toEqual([false, false]);
  });

  it('takes a new refresh token, and keeps the one it has if there is no new one', () => {
    const first = sessionFrom({ access_token: 'a', refresh_token: 'r1' }, NOW, { id: 's1' });
    expect(sessionFrom({ access_token: 'b', refresh_token: 'r2' }, NOW, first)).toMatchObject({ refreshToken: 'r2' });
    expect(sessionFrom({ access_token: 'b' }, NOW, first)).toEqual({ id: 's1', accessToken: 'b', refreshToken: 'r1' });
  });

  it('survives storage as text', () => {
    const session = sessionFrom({ access_token: 'a', refresh_token: 'r', expires_in: 60 }, NOW, { id: 's1' });
    expect(JSON.parse(JSON.stringify(session))).toEqual(session);
    expect(sessionFrom({ access_token: 'a' }, NOW, { id: 's1' })).toEqual({ id: 's1', accessToken: 'a' });
  });
});
