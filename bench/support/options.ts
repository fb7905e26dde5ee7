import { parseArgs } from 'node:util';
import { helpIfAsked, misused } from '../../tools/usage.mjs';
import { missingMains, SUBJECTS, type Subject } from './subjects.js';
import { EMULATORS, type EmulatorKind } from './use-emulator.js';

export const ROWS = ['saturation', 'calls', 'latency', 'drain', 'growth', 'tokens'] as const;
export type Row = (typeof ROWS)[number];

export type BenchOptions = {
  emulator: EmulatorKind;
  rounds: number;
  orders: number;
  rows: readonly Row[];
  subjects: readonly Subject[];
  small: boolean;
  gate: boolean;
  json?: string;
  svg?: string;
};

/** A mistake on the command line. The message is a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the command line. Ends the process after --help, with 0, and after a mistake, with 2. */
export function commandLine<T>(usage: string, read: () => T): T {
  helpIfAsked(usage);
  try {
    return read();
  } catch (error) {
    return misused(usage, (error as Error).message);
  }
}

/** @throws UsageError */
export function requireCompiled(subjects: readonly Subject[]): void {
  const missing = subjects.flatMap(missingMains);
  if (missing.length > 0) throw new UsageError(`${missing.join(' and ')} are not compiled.`);
}

const MAX_ORDERS = 1_000_000;
const MAX_ROUNDS = 100;

/** @throws UsageError */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new UsageError(`--${option} takes a whole number from 1 to ${max}, not ${text || 'nothing'}.`);
  }
  return value;
}

/** The named ones of `known`, in the order of `known`. @throws UsageError */
export function listOf<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name as T));
  if (unknown !== undefined) {
    throw new UsageError(`--${option} takes some of ${known.join(',')}, and there is no ${unknown || 'empty one'}.`);
  }
  return known.filter((name) => names.includes(name));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        emulator: { type: 'string', default: 'ministack' },
        rounds: { type: 'string' },
        orders: { type: 'string' },
        rows: { type: 'string' },
        subjects: { type: 'string' },
        small: { type: 'boolean', default: false },
        gate: { type: 'boolean', default: false },
        json: { type: 'string' },
        svg: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** @throws UsageError */
export function readOptions(args: readonly string[]): BenchOptions {
  const given = parse(args);
  const { small, gate, json, svg } = given;
  const emulator = EMULATORS.find((kind) => kind === given.emulator);
  if (!emulator) throw new UsageError(`--emulator is ministack or localstack, not ${given.emulator || 'nothing'}.`);
  const usual = small
    ? { rounds: '1', orders: '500', rows: 'saturation,calls', subjects: 'ours,straightforward' }
    : { rounds: '3', orders: '3000', rows: ROWS.join(','), subjects: SUBJECTS.join(',') };
  const rows = listOf('rows', given.rows ?? usual.rows, ROWS);
  const subjects = listOf('subjects', given.subjects ?? usual.subjects, SUBJECTS);
  if (gate && !(['saturation', 'calls'] as const).every((row) => rows.includes(row))) {
    throw new UsageError('--gate judges the rows saturation and calls; name both of them in --rows.');
  }
  if (gate && !(['ours', 'straightforward'] as const).every((subject) => subjects.includes(subject))) {
    throw new UsageError('--gate compares ours with straightforward; name both of them in --subjects.');
  }
  for (const [option, file] of Object.entries({ json, svg })) {
    if (file === '') throw new UsageError(`--${option} takes the name of a file.`);
  }
  return {
    emulator,
    rounds: wholeNumber('rounds', given.rounds ?? usual.rounds, MAX_ROUNDS),
    orders: wholeNumber('orders', given.orders ?? usual.orders, MAX_ORDERS),
    ...{ rows, subjects, small, gate, json, svg },
  };
}
