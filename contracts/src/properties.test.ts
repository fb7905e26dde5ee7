import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import * as contracts from './index.js';

type Condition = (object: object, value: unknown) => boolean;

/** Every contract class, including nested ones. */
const classes = Object.values<unknown>(contracts).filter(
  (value): value is new () => object => typeof value === 'function' && /^class\b/.test(value.toString()),
);
const optional = classes.flatMap((Class) =>
  getMetadataStorage()
    .getTargetValidationMetadatas(Class, '', false, false)
    .filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION)
    .map(({ propertyName, constraints }) => ({
      name: `${Class.name}.${propertyName}`,
      looksAt: constraints[0] as Condition,
    })),
);

describe('an optional property', () => {
  it.each(optional)('may be absent, and is validated when it is null: $name', ({ looksAt }) => {
    expect([undefined, null, '', 0, false].map((value) => looksAt({}, value))).toEqual([false, true, true, true, true]);
  });

  it('exists more than 20 times', () => {
    expect(optional.length).toBeGreaterThan(20);
  });
});
