import { spreadOf, type Spread } from './stats.js';
import type { Subject } from './subjects.js';

/** The values of one measurement, by metric key. */
export type Measured = Record<string, number>;

/** The values of all rounds. */
export type Results = {
  add(subject: Subject, measured: Measured): void;
  /** Undefined if it was not measured. */
  of(subject: Subject, key: string): Spread | undefined;
  /** Median of ours divided by the median of the other. */
  ratio(key: string, other: Subject): number | undefined;
  keys(): string[];
  /** In order, for JSON. */
  values(): Partial<Record<Subject, Record<string, number[]>>>;
};

export function createResults(): Results {
  const values: Partial<Record<Subject, Record<string, number[]>>> = {};
  const of = (subject: Subject, key: string): Spread | undefined => {
    const measured = values[subject]?.[key];
    return measured && spreadOf(measured);
  };
  return {
    add: (subject, measured) => {
      const all = (values[subject] ??= {});
      for (const [key, value] of Object.entries(measured)) (all[key] ??= []).push(value);
    },
    of,
    ratio: (key, other) => {
      const mine = of('ours', key);
      const its = of(other, key);
      return mine && its && mine.median / its.median;
    },
    keys: () => [...new Set(Object.values(values).flatMap((measured) => Object.keys(measured)))],
    values: () => values,
  };
}
