import 'reflect-metadata';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { plainToInstance, Type } from 'class-transformer';
import {
  Allow,
  getMetadataStorage,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator';
import fc from 'fast-check';
import { hostileBody, propertySeed } from '@orderflow/testing/hostile-bodies';
import { validationErrors } from './validate.js';

class Part {
  @IsString()
  name!: string;

  @IsInt()
  @Min(1)
  count!: number;
}

class Base {
  @IsInt()
  version!: number;
}

class Thing extends Base {
  @IsArray()
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts!: Part[];

  @IsDefined()
  @ValidateNested()
  @Type(() => Part)
  main!: Part;

  @IsOptional()
  @IsString({ each: true })
  @MaxLength(5, { each: true })
  tags?: string[];

  @IsIn(['box', 'bag'])
  kind!: string;

  @ValidateIf((thing: Thing) => thing.kind === 'bag')
  @IsInt()
  size?: number;

  @IsOptional()
  @IsDefined({ each: true })
  marks?: unknown;

  @Allow()
  note?: unknown;

  @ValidateBy({
    name: 'isLast',
    validator: { validate: (value, args) => value === (args?.object as Thing).parts.at(-1)?.name },
  })
  last!: string;
}

const MAX_LENGTH = 5_000;

const SAMPLE = {
  version: 2,
  parts: [
    { name: 'a', count: 1 },
    { name: 'b', count: 2 },
  ],
  main: { name: 'c', count: 3 },
  tags: ['x', 'y'],
  kind: 'bag',
  size: 4,
  marks: [1],
  note: { any: 'thing' },
  last: 'b',
};

/** What class-validator alone finds or throws. */
function plainOutcome(make: () => object, onlyDeclared: boolean): unknown {
  const strict = onlyDeclared ? { whitelist: true, forbidNonWhitelisted: true } : {};
  return outcomeOf(() => validateSync(make(), { forbidUnknownValues: true, ...strict }));
}

function outcomeOf(validate: () => unknown[]): unknown {
  try {
    return validate();
  } catch (error) {
    return (error as Error).name;
  }
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('validation', () => {
  it.each([true, false])('finds what class-validator finds in hostile objects (onlyDeclared: %p)', (onlyDeclared) => {
    let valid = 0;
    let invalid = 0;
    fc.assert(
      fc.property(hostileBody(SAMPLE), (body) => {
        // Each element can be an error, and comparing thousands takes minutes.
        if (body.length > MAX_LENGTH) return;
        let plain: unknown;
        try {
          plain = JSON.parse(body);
        } catch {
          return;
        }
        if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return;
        const make = () => plainToInstance(Thing, plain);
        if (outcomeOf(() => [make()]) === 'RangeError') return;
        const errors = outcomeOf(() => validationErrors(make(), { onlyDeclared }));
        expect(errors).toEqual(plainOutcome(make, onlyDeclared));
        if (Array.isArray(errors) && errors.length === 0) valid += 1;
        else invalid += 1;
      }),
      { numRuns: 500, ...propertySeed(process.env) },
    );
    expect(valid).toBeGreaterThan(5);
    expect(invalid).toBeGreaterThan(100);
  });

  it.each([
    ['an absent optional property', { tags: undefined }],
    ['a property whose condition is false', { kind: 'box', size: 'large' }],
    ['a set with an invalid element', { marks: new Set([null]) }],
    ['an absent required property', { main: undefined }],
    ['null instead of an object', { main: null }],
    ['an array instead of an object', { main: [] }],
    ['an object instead of an array', { parts: { name: 'a', count: 1 } }],
    ['an undefined element', { parts: [undefined] }],
    ['an invalid element', { parts: [{ name: 'a', count: 0 }] }],
    ['an array in an array', { parts: [[{ name: 'a', count: 0 }]] }],
    ['an inherited constraint', { version: 'two' }],
    ['an own property named constructor', { constructor: { name: 'x' } }],
    ['a set', { tags: new Set(['x', 'much too long']) }],
    ['an undeclared property', { more: 1 }],
    ['a nested undeclared property', { main: { name: 'c', count: 3, more: 1 } }],
  ])('finds what class-validator finds: %s', (_, change) => {
    const make = () => plainToInstance(Thing, { ...SAMPLE, ...change });
    for (const onlyDeclared of [true, false]) {
      expect(outcomeOf(() => validationErrors(make(), { onlyDeclared }))).toEqual(plainOutcome(make, onlyDeclared));
    }
  });

  it('collects the decorators of a class once', () => {
    const make = (): Thing => plainToInstance(Thing, SAMPLE);
    expect(validationErrors(make(), { onlyDeclared: true })).toEqual([]);
    const lookUp = jest.spyOn(getMetadataStorage(), 'getTargetValidationMetadatas');
    expect(validationErrors(make(), { onlyDeclared: true })).toEqual([]);
    expect(lookUp).not.toHaveBeenCalled();
  });

  it('caches no plan for a hostile constructor property', () => {
    const lookUp = jest.spyOn(getMetadataStorage(), 'getTargetValidationMetadatas');
    const constructor = { name: 'x' };
    validationErrors({ constructor }, { onlyDeclared: false });
    // The only call is class-validator's own.
    expect(lookUp.mock.calls.filter(([Class]) => (Class as unknown) === constructor)).toHaveLength(1);
  });
});
