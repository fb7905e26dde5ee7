import { ValidateIf } from 'class-validator';

/** May be absent. class-validator's IsOptional also accepts null, which our schemas do not allow. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}
