import { Type } from 'class-transformer';
import { IsArray, IsDefined, IsInt, Min, ValidateIf, ValidateNested } from 'class-validator';

/** Applies decorators from the last to the first, as if they were written one below the other. */
export function applyAll(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => {
    for (const decorate of decorators.toReversed()) decorate(target, key);
  };
}

/** May be absent; otherwise it satisfies `decorators`. IsOptional also accepts null, which our schemas do not allow. */
export function Optional(...decorators: PropertyDecorator[]): PropertyDecorator {
  return applyAll(
    ValidateIf((_, value) => value !== undefined),
    ...decorators,
  );
}

/** An integer of at least `min`. */
export function IsIntFrom(min: number): PropertyDecorator {
  return applyAll(IsInt(), Min(min));
}

/** An object of a decorated class. */
export function IsNested(classOf: () => new () => object): PropertyDecorator {
  return applyAll(IsDefined(), ValidateNested(), Type(classOf));
}

/** A list of objects of a decorated class. */
export function IsNestedList(classOf: () => new () => object): PropertyDecorator {
  return applyAll(IsArray(), ValidateNested({ each: true }), Type(classOf));
}
