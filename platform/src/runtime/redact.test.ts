import { describe, expect, it } from '@jest/globals';
import { redact } from './redact.js';

const NAMES = new Set(['email', 'token']);

describe('redact', () => {
  it('redacts fields at any depth and in any case, and nothing else', () => {
    const value = { Email: 'a@b', list: [{ token: { inner: 1 } }, 'email'], name: 'n', none: null, count: 0 };
    expect(redact(value, NAMES)).toEqual({
      Email: '[redacted]',
      list: [{ token: '[redacted]' }, 'email'],
      name: 'n',
      none: null,
      count: 0,
    });
  });

  it('does not change its input', () => {
    const value = { inner: { email: 'a@b' } };
    redact(value, NAMES);
    expect(value).toEqual({ inner: { email: 'a@b' } });
  });

  it('does not copy objects with a toJSON method', () => {
    const at = new Date(0);
    expect(redact({ at }, NAMES)).toEqual({ at });
  });

  it('handles circular references', () => {
    const value: Record<string, unknown> = { email: 'a@b' };
    value.self = value;
    const copy = redact(value, NAMES) as typeof value;
    expect(copy.email).toBe('[redacted]');
    expect(copy.self).toBe(copy);
  });
});
