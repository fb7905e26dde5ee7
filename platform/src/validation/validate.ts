/** Validation of decorated classes. */
import { validateSync, type ValidationError } from 'class-validator';
import { holdsByPlan } from './plan.js';

/**
 * The errors that class-validator finds in an instance; usually none.
 * @param onlyDeclared whether a property without a decorator is an error
 */
export function validationErrors(instance: object, { onlyDeclared }: { onlyDeclared: boolean }): ValidationError[] {
  if (holdsByPlan(instance, onlyDeclared)) return [];
  const strict = { whitelist: onlyDeclared, forbidNonWhitelisted: onlyDeclared };
  return validateSync(instance, { forbidUnknownValues: true, ...strict });
}
