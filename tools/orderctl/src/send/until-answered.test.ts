import { describe, expect, it } from '@jest/globals';
import { createOutage } from '../outage.js';
import { createFakeApi } from '@orderflow/testing/orderctl/fake-api';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import type { ApiAnswer } from './api.js';
import { untilAnswered } from './until-answered.js';

const CREATED: ApiAnswer = { status: 201, body: {} };
const BUSY: ApiAnswer = { status: 429, body: {}, retryAfterMs: 7_000 };
const DOWN: ApiAnswer = { status: 503, body: {} };
const REFUSED = new TypeError('fetch failed');

async function ask(answers: (ApiAnswer | Error)[], { retryForMs = 60_000, random = (): number => 0 } = {}) {
  const terminal = createFakeTerminal();
  const api = createFakeApi(...answers);
  const startedAt = terminal.now();
  const outage = createOutage(terminal, 'The API');
  const found = await untilAnswered(() => api.get('x'), { terminal, outage, retryForMs, random });
  return { ...found, attempts: api.asked.length, tookMs: terminal.now() - startedAt, said: terminal.said() };
}

describe('a request', () => {
  it.each([201, 400, 422, 500])('is not retried after %i', async (status) => {
    const answer = { status, body: {} };
    expect(await ask([answer])).toMatchObject({ answer, retries: 0, attempts: 1, tookMs: 0, said: '' });
  });

  it('waits as long as Retry-After says, plus a random delay', async () => {
    expect(await ask([BUSY, CREATED])).toMatchObject({ answer: CREATED, retries: 1, tookMs: 7_000 });
    expect(await ask([BUSY, CREATED], { random: () => 1 })).toMatchObject({ tookMs: 7_125 });
  });

  it('is retried with backoff while there is no answer', async () => {
    const { tookMs, retries } = await ask([REFUSED, DOWN, REFUSED, CREATED]);
    expect({ tookMs, retries }).toEqual({ tookMs: 125 + 250 + 500, retries: 3 });
  });

  it('is given up in time, with or without a last answer', async () => {
    const withAnswer = await ask([DOWN]);
    expect(withAnswer.answer).toBe(DOWN);
    expect(withAnswer.tookMs).toBeLessThanOrEqual(60_000);
    expect(withAnswer.tookMs).toBeGreaterThan(55_000);
    expect((await ask([DOWN, REFUSED])).answer).toBeUndefined();
    expect(await ask([BUSY], { retryForMs: 5_000 })).toMatchObject({ answer: BUSY, attempts: 1 });
  });

  it('may have arrived unless every attempt was refused', async () => {
    const mayHaveArrived = async (...answers: (ApiAnswer | Error)[]) => (await ask(answers)).mayHaveArrived;
    expect(await mayHaveArrived(BUSY, { status: 400, body: {} })).toBe(false);
    expect(await mayHaveArrived(REFUSED, BUSY)).toBe(true);
    expect(await mayHaveArrived(DOWN, BUSY)).toBe(true);
    expect(await mayHaveArrived({ status: 500, body: {} })).toBe(true);
  });

  it('reports the start and end of a lasting outage, but neither a short one nor a busy API', async () => {
    const { said } = await ask([...Array.from({ length: 8 }, () => REFUSED), CREATED]);
    expect(said).toMatch(/^The API cannot be reached \(fetch failed\).*\nThe API is back after \d+ s\.\n$/);
    expect((await ask([REFUSED, DOWN, CREATED])).said).toBe('');
    expect((await ask([BUSY, BUSY, CREATED])).said).toBe('');
  });

  it('ends with Ctrl-C', async () => {
    const terminal = createFakeTerminal();
    const outage = createOutage(terminal, 'The API');
    const retrying = { terminal, outage, retryForMs: 0, random: () => 0 };
    const interrupting = () => {
      terminal.interrupt();
      return Promise.reject(REFUSED);
    };
    await expect(untilAnswered(interrupting, retrying)).rejects.toThrow('Interrupted.');
  });
});
