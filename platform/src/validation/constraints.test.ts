import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { IsInt, ValidateBy, validateSync } from 'class-validator';
import { validationErrors } from './validate.js';

describe('validation', () => {
  it('leaves an asynchronous constraint to class-validator', () => {
    class Later {
      @ValidateBy({ name: 'later', validator: { validate: () => Promise.resolve(false) } })
      value!: number;
    }
    expect(validationErrors(plainToInstance(Later, { value: 1 }), { onlyDeclared: true })).toEqual([]);
  });

  it('accepts only true as an answer', () => {
    class Vague {
      @ValidateBy({ name: 'vague', validator: { validate: (() => undefined) as never } })
      value!: number;
    }
    const make = () => plainToInstance(Vague, { value: 1 });
    const errors = validationErrors(make(), { onlyDeclared: true });
    expect(errors).toHaveLength(1);
    expect(errors).toEqual(
      validateSync(make(), { forbidUnknownValues: true, whitelist: true, forbidNonWhitelisted: true }),
    );
  });

  it('ignores a constraint that does not apply', () => {
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

  it('rejects an object of a class without decorators', () => {
    class Bare {
      value = 1;
    }
    expect(validationErrors(new Bare(), { onlyDeclared: false })).toEqual([
      expect.objectContaining({ constraints: { unknownValue: expect.any(String) as unknown } }),
    ]);
  });
});
