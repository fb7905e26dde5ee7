import * as yaml from 'yaml';

/**
 * An evaluated resource. What it refers to is the resource's id: `!Ref Logs` is `Logs`, `!GetAtt Role.Arn` is `Role.Arn`. An
 * imported value is its name.
 */
export type Resource = { Type: string; Condition?: string; Properties: Record<string, unknown> };

export type ResolvedTemplate = {
  parameters: Record<
    string,
    { Default?: string | number; AllowedPattern?: string; MinValue?: number; ConstraintDescription?: string }
  >;
  resources: Record<string, Resource>;
  outputs: Record<string, { Value: string; Export?: { Name: string } }>;
};

type Call = [name: string, argument: unknown];

const NO_VALUE = Symbol('AWS::NoValue');
const PSEUDO: Record<string, unknown> = {
  'AWS::AccountId': '000000000000',
  'AWS::NoValue': NO_VALUE,
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
};

const FUNCTIONS = ['Ref', 'GetAtt', 'Sub', 'Condition', 'If', 'Equals', 'Not', 'And', 'Or', 'FindInMap', 'Join'];
/** Parses `!If [...]` to `{ '!If': [...] }`. */
const TAGS = FUNCTIONS.flatMap((name) => [
  { tag: `!${name}`, resolve: (text: string) => ({ [`!${name}`]: text }) },
  {
    tag: `!${name}`,
    collection: 'seq' as const,
    resolve: (list: unknown) => ({ [`!${name}`]: (list as { toJSON: () => unknown }).toJSON() }),
  },
]);

function callIn(value: object): Call | undefined {
  const [[key, argument] = ['', undefined], ...others] = Object.entries(value) as Call[];
  // In YAML, the name of an imported value cannot be a short form within a short form.
  if (key === 'Fn::ImportValue') return ['ImportValue', argument];
  return others.length === 0 && key.startsWith('!') ? [key.slice(1), argument] : undefined;
}

/** Evaluates a CloudFormation template, without the resources whose condition is false. Unknown functions throw. */
export function resolveTemplate(text: string, given: Record<string, string>): ResolvedTemplate {
  const template = yaml.parse(text, { customTags: TAGS }) as {
    Parameters: ResolvedTemplate['parameters'];
    Mappings: Record<string, Record<string, Record<string, unknown>>>;
    Conditions: Record<string, unknown>;
    Resources: Record<string, Resource>;
    Outputs: ResolvedTemplate['outputs'];
  };

  function refer(name: string): unknown {
    if (name in PSEUDO) return PSEUDO[name];
    const parameter = template.Parameters[name];
    if (!parameter) {
      if (!Object.hasOwn(template.Resources, name.replace(/\..*/, '')))
        throw new Error(`${name} is neither parameter nor resource`);
      return name;
    }
    const value = given[name] ?? parameter.Default;
    if (value === undefined) throw new Error(`The parameter ${name} needs a value`);
    return String(value);
  }

  function call([name, argument]: Call): unknown {
    const list = argument as unknown[];
    const [first] = Array.isArray(argument) ? list : [argument];
    switch (name) {
      case 'Ref':
      case 'GetAtt':
        return refer(String(argument));
      case 'Sub': {
        const variables = (Array.isArray(argument) ? resolve(list[1]) : {}) as Record<string, unknown>;
        const valueOf = (name: string) => String(variables[name] ?? refer(name));
        return String(first).replace(/\$\{([\w:.]+)\}/g, (_, reference: string) => valueOf(reference));
      }
      case 'Join':
        return (resolve(list[1]) as unknown[]).join(String(first));
      case 'ImportValue':
        return resolve(argument);
      case 'Condition':
        return isMet(String(argument));
      case 'If':
        return resolve(isMet(String(first)) ? list[1] : list[2]);
      case 'Equals':
        return resolve(list[0]) === resolve(list[1]);
      case 'Not':
        return resolve(first) !== true;
      case 'And':
        return list.every((one) => resolve(one) === true);
      case 'Or':
        return list.some((one) => resolve(one) === true);
      case 'FindInMap': {
        const [map = '', key = '', inner = ''] = list.map((one) => String(resolve(one)));
        return template.Mappings[map]?.[key]?.[inner];
      }
      default:
        throw new Error(`!${name} is not implemented`);
    }
  }

  const isMet = (name: string): boolean => resolve(template.Conditions[name]) === true;

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((inner) => inner !== NO_VALUE);
    if (value === null || typeof value !== 'object') return value;
    const called = callIn(value);
    if (called) return call(called);
    const entries = Object.entries(value).map(([key, inner]) => [key, resolve(inner)] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== NO_VALUE));
  }

  const created = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || isMet(Condition),
  );
  return {
    parameters: template.Parameters,
    resources: resolve(Object.fromEntries(created)) as ResolvedTemplate['resources'],
    outputs: resolve(template.Outputs) as ResolvedTemplate['outputs'],
  };
}
