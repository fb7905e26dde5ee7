import {
  getMetadataStorage,
  validateSync,
  ValidationTypes,
  type ValidationArguments,
  type ValidationError,
  type ValidatorConstraintInterface,
} from 'class-validator';

/** A class with class-validator's decorators. */
type Declared = new () => object;

type Constraint = {
  constraint: ValidatorConstraintInterface;
  parameters: unknown[];
  each: boolean;
};

type Property = {
  name: string;
  /** All of them must agree, or the property is not looked at: `IsOptional`, `ValidateIf`. */
  conditions: ((object: object, value: unknown) => boolean)[];
  constraints: Constraint[];
  isNested: boolean;
};

/** What class-validator would look up and sort anew for every object of a class. */
type Plan = { names: ReadonlySet<string>; properties: readonly Property[] };

const { CUSTOM_VALIDATION, IS_DEFINED, NESTED_VALIDATION, CONDITIONAL_VALIDATION, WHITELIST } = ValidationTypes;
const PLANNED = new Set([CUSTOM_VALIDATION, IS_DEFINED, NESTED_VALIDATION, CONDITIONAL_VALIDATION, WHITELIST]);

/** Undefined for a class that has no decorators, or such as are not planned here. */
function planOf(Class: Declared): Plan | undefined {
  const storage = getMetadataStorage();
  const metadatas = storage.getTargetValidationMetadatas(Class, '', false, false);
  if (metadatas.length === 0 || metadatas.some(({ type }) => !PLANNED.has(type))) return undefined;
  const properties = new Map<string, Property>();
  for (const { propertyName: name, type, constraintCls, constraints = [], each } of metadatas) {
    const property = properties.get(name) ?? { name, conditions: [], constraints: [], isNested: false };
    properties.set(name, property);
    if (type === NESTED_VALIDATION) property.isNested = true;
    if (type === CONDITIONAL_VALIDATION) property.conditions.push(constraints[0] as Property['conditions'][number]);
    if (type !== CUSTOM_VALIDATION && type !== IS_DEFINED) continue;
    for (const { instance, async } of storage.getTargetValidatorConstraints(constraintCls)) {
      if (async) return undefined;
      property.constraints.push({ constraint: instance, parameters: constraints, each });
    }
  }
  return { names: new Set(properties.keys()), properties: [...properties.values()] };
}

// By class, for good: decorators have run before the first object is made.
const plans = new Map<Declared, Plan | undefined>();

/** @param Class whatever stands as an object's `constructor`; in an object of a stranger, anything */
function planFor(Class: unknown): Plan | undefined {
  if (typeof Class !== 'function') return undefined;
  const declared = Class as Declared;
  if (!plans.has(declared)) plans.set(declared, planOf(declared));
  return plans.get(declared);
}

function holds({ constraint, parameters, each }: Constraint, args: ValidationArguments): boolean {
  args.constraints = parameters;
  const value: unknown = args.value;
  // Anything but true, a promise for one, is for class-validator to judge, and so are other collections.
  if (!each) return constraint.validate(value, args) === true;
  return Array.isArray(value) && value.every((element) => constraint.validate(element, args) === true);
}

function isNestedValid(value: unknown, onlyDeclared: boolean): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.every((element) => isNestedValid(element, onlyDeclared));
  return value instanceof Object && isValid(value, onlyDeclared);
}

function isPropertyValid(object: object, property: Property, onlyDeclared: boolean): boolean {
  const { name, conditions, constraints, isNested } = property;
  const value = (object as Record<string, unknown>)[name];
  if (!conditions.every((condition) => condition(object, value))) return true;
  const args = { targetName: object.constructor.name, property: name, object, value, constraints: [] };
  return constraints.every((each) => holds(each, args)) && (!isNested || isNestedValid(value, onlyDeclared));
}

/** False for what is not valid, and for what is not judged here. */
function isValid(object: object, onlyDeclared: boolean): boolean {
  const plan = planFor(object.constructor);
  if (!plan) return false;
  if (onlyDeclared && !Object.keys(object).every((name) => plan.names.has(name))) return false;
  return plan.properties.every((property) => isPropertyValid(object, property, onlyDeclared));
}

/**
 * What class-validator finds wrong with an instance; nothing, most of the time, and that is found out by the same
 * constraints without class-validator's search for them.
 * @param onlyDeclared whether a property without a decorator is wrong
 */
export function validationErrors(instance: object, { onlyDeclared }: { onlyDeclared: boolean }): ValidationError[] {
  if (isValid(instance, onlyDeclared)) return [];
  return validateSync(instance, {
    forbidUnknownValues: true,
    ...(onlyDeclared ? { whitelist: true, forbidNonWhitelisted: true } : {}),
  });
}
