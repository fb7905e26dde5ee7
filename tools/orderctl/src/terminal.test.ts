import { describe, expect, it } from '@jest/globals';
import { createProgress, paint, table, unlessInterrupted } from './terminal.js';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';

const ESCAPE = '\u001b';

describe('paint', () => {
  it('colours a line, but not its line break, if the terminal has colours', () => {
    expect(paint({ colours: true }, 'red', 'no\n')).toBe(`${ESCAPE}[31mno${ESCAPE}[39m\n`);
  });

  it('does not change it otherwise', () => {
    expect(paint({ colours: false }, 'red', 'no\n')).toBe('no\n');
  });
});

describe('table', () => {
  it('makes each column as wide as its widest text, and removes terminal commands', () => {
    expect(table([['A', 'B'], ['long one', `x${ESCAPE}[2Jy`, 'last'], ['c']])).toEqual([
      ...['A         B\n', 'long one  x [2Jy  last\n', 'c\n'],
    ]);
  });
});

describe('progress', () => {
  it('is updated in place on a terminal, and printed from time to time elsewhere', async () => {
    const moving = createFakeTerminal({ movingLines: true });
    const still = createFakeTerminal();
    for (const terminal of [moving, still]) {
      const progress = createProgress(terminal);
      for (let step = 1; step <= 60; step++) {
        await terminal.pause(100);
        progress.show(`step ${step}`);
      }
      progress.end();
    }
    expect(moving.said().split('\r')).toHaveLength(62);
    expect(still.said()).toBe('step 50\n');
  });
});

describe('unlessInterrupted', () => {
  it('returns the result of the work', async () => {
    const terminal = createFakeTerminal();
    expect(await unlessInterrupted(terminal, Promise.resolve(1))).toBe(1);
    await expect(unlessInterrupted(terminal, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('ends with Ctrl-C, even if the work does not', async () => {
    const terminal = createFakeTerminal();
    const waiting = unlessInterrupted(terminal, new Promise(() => undefined));
    terminal.interrupt();
    await expect(waiting).rejects.toThrow('Interrupted.');
    await expect(unlessInterrupted(terminal, Promise.resolve(1))).rejects.toThrow('Interrupted.');
  });
});
