import { ValidateIf } from 'class-validator';

/** May be absent. class-validator's IsOptional lets null through as well, which no schema of ours allows. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}
