import { describe, expect, it } from '@jest/globals';
import { readOptions, ROWS, UsageError } from './options.js';

describe('options of the bench', () => {
  it('measures everything in three rounds on the embedded emulator by default', () => {
    expect(readOptions([])).toEqual({
      ...{ emulator: 'ministack', rounds: 3, orders: 3_000, rows: ROWS, small: false, gate: false },
      subjects: ['ours', 'straightforward', 'floor'],
    });
  });

  it('has a small size with parts that can be overridden', () => {
    const small = { small: true, rounds: 1, rows: ['saturation', 'calls'], subjects: ['ours', 'straightforward'] };
    expect(readOptions(['--small', '--gate'])).toMatchObject({ ...small, gate: true });
    expect(readOptions(['--small', '--rounds', '2'])).toMatchObject({ ...small, rounds: 2 });
  });

  it('lists each row once, in a fixed order', () => {
    expect(readOptions(['--rows', 'drain,calls,drain']).rows).toEqual(['calls', 'drain']);
  });

  it.each([
    [['--emulator', 'aws'], '--emulator is ministack or localstack, not aws.'],
    [['--rounds', '0'], '--rounds takes a whole number from 1 to 100, not 0.'],
    [['--orders', '1e3'], '--orders takes a whole number from 1 to 1000000, not 1e3.'],
    [['--orders', ''], '--orders takes a whole number from 1 to 1000000, not nothing.'],
    [['--rows', 'speed'], 'and there is no speed.'],
    [['--rows', ''], 'and there is no empty one.'],
    [['--json', ''], '--json takes the name of a file.'],
    [['--gate', '--rows', 'drain'], '--gate judges the rows saturation and calls'],
    [['--gate', '--subjects', 'ours,floor'], '--gate compares ours with straightforward'],
    [['--fast'], "Unknown option '--fast'"],
    [['fast'], 'Unexpected argument'],
  ])('refuses %j with a sentence', (args, sentence) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(sentence);
  });
});
