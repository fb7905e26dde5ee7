import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { keepOn, reasonOf } from './outage.js';
import { startDeadline } from './terminal.js';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';

const HOW = { where: 'AWS', everyMs: 1_000 };

/** Rounds that end like this, one after the other. */
function rounds(...ends: ('again' | 'enough' | Error)[]) {
  let next = 0;
  return async () => {
    const end = ends[next++];
    if (end instanceof Error) throw end;
    return end ?? 'enough';
  };
}

describe('keepOn', () => {
  it('reports each outage and each recovery once, and continues', async () => {
    const terminal = createFakeTerminal();
    const away = connectionRefused();
    const round = rounds('again', away, away, away, 'again', away, 'enough');
    expect(await keepOn(terminal, HOW, round)).toBe(0);
    expect(terminal.said().split('\n')).toEqual([
      `AWS cannot be reached (${away.message}); trying again until it can.`,
      'AWS is back after 3 s.',
      `AWS cannot be reached (${away.message}); trying again until it can.`,
      ...['AWS is back after 1 s.', ''],
    ]);
  });

  it('fails on any other error than an outage', async () => {
    await expect(keepOn(createFakeTerminal(), HOW, rounds('again', new TypeError('a defect')))).rejects.toThrow(
      'a defect',
    );
  });

  /** Rounds for 2.5 s that end in these ways. */
  async function keepOnInTime(round: () => Promise<'again' | 'enough'>) {
    const terminal = createFakeTerminal();
    const startedAt = terminal.now();
    const exitCode = await keepOn(terminal, { ...HOW, deadline: startDeadline(terminal, 2_500) }, round);
    return { exitCode, tookMs: terminal.now() - startedAt, said: terminal.said() };
  }

  it('ends in time', async () => {
    expect(await keepOnInTime(async () => 'again')).toEqual({ exitCode: 0, tookMs: 2_500, said: '' });
  });

  it.each([
    ['refuses connections', () => Promise.reject(connectionRefused()), /cannot be reached[^]*/],
    ['hangs', () => new Promise<never>(() => undefined), /^/],
  ])('ends in time when AWS %s, and says so', async (_what, round, before) => {
    const { exitCode, tookMs, said } = await keepOnInTime(round);
    expect({ exitCode, tookMs }).toEqual({ exitCode: 2, tookMs: 2_500 });
    expect(said).toMatch(new RegExp(`${before.source}AWS could not be reached until the end of the 2.5 s\\.\n$`));
  });

  it('returns 2 if AWS is still unavailable at the end, otherwise 0', async () => {
    const away = connectionRefused();
    expect(await keepOnInTime(rounds('again', away, away, away))).toMatchObject({ exitCode: 2 });
    expect(await keepOnInTime(rounds(away, away, 'again', 'again'))).toMatchObject({ exitCode: 0 });
  });

  it('returns 130 after Ctrl-C, both in a pause and in a hanging round', async () => {
    const paused = createFakeTerminal();
    const interrupting = async () => {
      paused.interrupt();
      return 'again' as const;
    };
    expect(await keepOn(paused, HOW, interrupting)).toBe(130);
    const hanging = createFakeTerminal();
    const ended = keepOn(hanging, HOW, () => new Promise(() => undefined));
    hanging.interrupt();
    expect(await ended).toBe(130);
  });
});

describe('reasonOf', () => {
  it.each([
    ['a message', new Error('refused'), 'refused'],
    ['the first of several addresses', new AggregateError([new Error('refused by ::1')]), 'refused by ::1'],
    ['a code', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['a name', new TypeError(''), 'TypeError'],
    ['no commands for the terminal', new Error('a\u001b[2Jb'), 'a [2Jb'],
  ])('is %s', (_what, error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});
