import {
  getMetadataStorage,
  ValidationTypes,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';

/** A class with class-validator's decorators. */
type Declared = new () => object;

type Constraint = { constraint: ValidatorConstraintInterface; parameters: unknown[]; each: boolean };

type Property = {
  name: string;
  /** The property is checked only if all of them are true: `IsOptional`, `ValidateIf`. */
  conditions: ((object: object, value: unknown) => boolean)[];
  constraints: Constraint[];
  isNested: boolean;
};

/** What class-validator would collect and sort again for every object of a class. */
type Plan = { names: ReadonlySet<string>; properties: readonly Property[] };

const { CUSTOM_VALIDATION, IS_DEFINED, NESTED_VALIDATION, CONDITIONAL_VALIDATION, WHITELIST } = ValidationTypes;
const PLANNED = new Set([CUSTOM_VALIDATION, IS_DEFINED, NESTED_VALIDATION, CONDITIONAL_VALIDATION, WHITELIST]);

/** Undefined for a class without decorators or with decorators that a plan does not support. */
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

// A plan never changes: decorators run before the first object exists.
const plans = new Map<Declared, Plan | undefined>();

/** @param Class an object's `constructor`, which can be anything in a hostile object */
function planFor(Class: unknown): Plan | undefined {
  if (typeof Class !== 'function') return undefined;
  const declared = Class as Declared;
  if (!plans.has(declared)) plans.set(declared, planOf(declared));
  return plans.get(declared);
}

function holds({ constraint, parameters, each }: Constraint, args: ValidationArguments): boolean {
  args.constraints = parameters;
  const value: unknown = args.value;
  // Only `true` counts. Promises, sets and maps are left to class-validator.
  if (!each) return constraint.validate(value, args) === true;
  return Array.isArray(value) && value.every((element) => constraint.validate(element, args) === true);
}

function nestedHolds(value: unknown, onlyDeclared: boolean): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.every((element) => nestedHolds(element, onlyDeclared));
  return value instanceof Object && holdsByPlan(value, onlyDeclared);
}

function propertyHolds(object: object, property: Property, onlyDeclared: boolean): boolean {
  const { name, conditions, constraints, isNested } = property;
  const value = (object as Record<string, unknown>)[name];
  if (!conditions.every((condition) => condition(object, value))) return true;
  const args = { targetName: object.constructor.name, property: name, object, value, constraints: [] };
  return constraints.every((each) => holds(each, args)) && (!isNested || nestedHolds(value, onlyDeclared));
}

/** True only for a valid object. False when it is invalid, or when its class has no plan. */
export function holdsByPlan(object: object, onlyDeclared: boolean): boolean {
  const plan = planFor(object.constructor);
  if (!plan) return false;
  if (onlyDeclared && !Object.keys(object).every((name) => plan.names.has(name))) return false;
  return plan.properties.every((property) => propertyHolds(object, property, onlyDeclared));
}
