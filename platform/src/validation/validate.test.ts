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

/** What class-validator says by itself, or that it broke off. */
function expectation(make: () => object, onlyDeclared: boolean): unknown {
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
  it.each([true, false])('finds what class-validator finds, in anything, only declared: %p', (onlyDeclared) => {
    let valid = 0;
    let invalid = 0;
    fc.assert(
      fc.property(hostileBody(SAMPLE), (body) => {
        // As many errors as elements: to compare them takes minutes.
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
        expect(errors).toEqual(expectation(make, onlyDeclared));
        if (Array.isArray(errors) && errors.length === 0) valid += 1;
        else invalid += 1;
      }),
      { numRuns: 500, ...propertySeed(process.env) },
    );
    expect(valid).toBeGreaterThan(5);
    expect(invalid).toBeGreaterThan(100);
  });

  it.each([
    ['a property that is optional and absent', { tags: undefined }],
    ['one that its condition excludes', { kind: 'box', size: 'large' }],
    ['a keyed collection with what must not be in it', { marks: new Set([null]) }],
    ['one that must be there', { main: undefined }],
    ['null in place of an object', { main: null }],
    ['a list in place of an object', { main: [] }],
    ['an object in place of a list', { parts: { name: 'a', count: 1 } }],
    ['an element that is none', { parts: [undefined] }],
    ['an element of a list', { parts: [{ name: 'a', count: 0 }] }],
    ['a list in a list', { parts: [[{ name: 'a', count: 0 }]] }],
    ['an inherited constraint', { version: 'two' }],
    ['a property of its own by the name of constructor', { constructor: { name: 'x' } }],
    ['a keyed collection', { tags: new Set(['x', 'much too long']) }],
    ['what nobody declared', { more: 1 }],
    ['what nobody declared, further in', { main: { name: 'c', count: 3, more: 1 } }],
  ])('finds what class-validator finds: %s', (_, change) => {
    const make = () => plainToInstance(Thing, { ...SAMPLE, ...change });
    for (const onlyDeclared of [true, false]) {
      expect(outcomeOf(() => validationErrors(make(), { onlyDeclared }))).toEqual(expectation(make, onlyDeclared));
    }
  });

  it('looks nothing up once it knows the class', () => {
    const make = (): Thing => plainToInstance(Thing, SAMPLE);
    expect(validationErrors(make(), { onlyDeclared: true })).toEqual([]);
    const lookUp = jest.spyOn(getMetadataStorage(), 'getTargetValidationMetadatas');
    expect(validationErrors(make(), { onlyDeclared: true })).toEqual([]);
    expect(lookUp).not.toHaveBeenCalled();
  });

  it('leaves a constraint that answers later to class-validator', () => {
    class Later {
      @ValidateBy({ name: 'later', validator: { validate: () => Promise.resolve(false) } })
      value!: number;
    }
    expect(validationErrors(plainToInstance(Later, { value: 1 }), { onlyDeclared: true })).toEqual([]);
  });

  it('takes only true for an answer', () => {
    class Vague {
      @ValidateBy({ name: 'vague', validator: { validate: (() => undefined) as never } })
      value!: number;
    }
    const make = () => plainToInstance(Vague, { value: 1 });
    const errors = validationErrors(make(), { onlyDeclared: true });
    expect(errors).toHaveLength(1);
    expect(errors).toEqual(expectation(make, true));
  });

  it('finds nothing by a constraint that does not apply', () => {
    class Sometimes {
      @IsInt({ validateIf: ({ other }: Sometimes) => other > 1 })
      value!: unknown;

      @IsInt()
      other!: number;
    }
    const errorsOf = (plain: object) => validationErrors(plainToInstance(Sometimes, plain), { onlyDeclared: true });
    expect(errorsOf({ value: 'none', other: 1 })).toEqual([]);
    expect(errorsOf({ value: 'none', other: 2 })).toHaveLength(1);
  });

  it('remembers nothing of what a stranger calls a constructor', () => {
    const lookUp = jest.spyOn(getMetadataStorage(), 'getTargetValidationMetadatas');
    const constructor = { name: 'x' };
    validationErrors({ constructor }, { onlyDeclared: false });
    // By class-validator itself.
    expect(lookUp.mock.calls.filter(([Class]) => (Class as unknown) === constructor)).toHaveLength(1);
  });

  it('refuses an object of a class without decorators', () => {
    class Bare {
      value = 1;
    }
    expect(validationErrors(new Bare(), { onlyDeclared: false })).toEqual([
      expect.objectContaining({ constraints: { unknownValue: expect.any(String) as unknown } }),
    ]);
  });
});
