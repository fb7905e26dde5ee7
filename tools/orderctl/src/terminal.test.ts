import { describe, expect, it } from '@jest/globals';
import { createProgress, paint, table, unlessInterrupted } from './terminal.js';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';

const ESCAPE = '\u001b';

describe('paint', () => {
  it('colours a line, without its end, where there are colours', () => {
    expect(paint({ colours: true }, 'red', 'no\n')).toBe(`${ESCAPE}[31mno${ESCAPE}[39m\n`);
  });

  it('leaves it as it is where there are none', () => {
    expect(paint({ colours: false }, 'red', 'no\n')).toBe('no\n');
  });
});

describe('table', () => {
  it('makes each column as wide as its widest text, and takes no commands from texts', () => {
    expect(table([['A', 'B'], ['long one', `x${ESCAPE}[2Jy`, 'last'], ['c']])).toEqual([
      ...['A         B\n', 'long one  x [2Jy  last\n', 'c\n'],
    ]);
  });
});

describe('progress', () => {
  it('moves on a terminal, and is a line now and then anywhere else', async () => {
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
  it('gives what the work gives', async () => {
    const terminal = createFakeTerminal();
    expect(await unlessInterrupted(terminal, Promise.resolve(1))).toBe(1);
    await expect(unlessInterrupted(terminal, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('ends with Ctrl-C, though the work does not', async () => {
    const terminal = createFakeTerminal();
    const waiting = unlessInterrupted(terminal, new Promise(() => undefined));
    terminal.interrupt();
    await expect(waiting).rejects.toThrow('Interrupted.');
    await expect(unlessInterrupted(terminal, Promise.resolve(1))).rejects.toThrow('Interrupted.');
  });
});
