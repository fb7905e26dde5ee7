/**
 * Evaluates identity-based policies like IAM, in the part of its language that our policies use:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * It fails closed: `readPolicy` throws on everything that it does not know, and what no rule allows is denied.
 */

/** What one request needs. `context` has the values of condition keys. */
export type Access = { action: string; resource: string; context?: Readonly<Record<string, string>> };

type Condition = { operator: Operator; key: string; values: readonly string[] };
/** One action on one resource, if all conditions hold. */
export type Rule = {
  name: string;
  effect: 'Allow' | 'Deny';
  action: string;
  resource: string;
  conditions: readonly Condition[];
};

/** `by` has the rules that decided. */
export type Decision = { allowed: boolean; isExplicit: boolean; by: readonly Rule[] };

const ELEMENTS = ['Sid', 'Effect', 'Action', 'Resource', 'Condition'];
/** Keys of requests. A condition with another one cannot be evaluated. */
const KEYS = ['events:source', 'events:detail-type', 'kms:ViaService'];

type Glob = (pattern: string, text: string) => boolean;
/** Those in use. Each compares a value of the policy with that of the request. */
const OPERATORS = { StringEquals: (wanted, text) => wanted === text } satisfies Record<string, Glob>;
type Operator = keyof typeof OPERATORS;

/** `*` stands for any characters, `?` for one. */
const matches: Glob = (pattern, text) => {
  const parts = pattern.split(/([*?])/).map((part) => ({ '*': '.*', '?': '.' })[part] ?? part.replace(/\W/g, '\\$&'));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
};

/** A wildcard stays in its part of the ARN; the last part may have colons. */
const matchesArn: Glob = (pattern, arn) => {
  const [wanted, given] = [pattern, arn].map((text) => /^([^:]*):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/s.exec(text));
  if (!wanted || !given) return pattern === '*';
  return wanted.slice(1).every((part, index) => matches(part, given[index + 1] ?? ''));
};

const listOf = (value: unknown): string[] => {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyError('a list is empty');
  return list.map((text) => {
    if (typeof text !== 'string' || text === '' || text.includes('${')) {
      throw new PolicyError(`${JSON.stringify(text)} is not a text, or has a policy variable`);
    }
    return text;
  });
};

function readCondition(given: unknown): Condition[] {
  return Object.entries((given ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, keys]) => {
    if (!Object.hasOwn(OPERATORS, operator)) throw new PolicyError(`the condition operator ${operator} is not known`);
    return Object.entries(keys).map(([name, values]) => {
      const key = KEYS.find((known) => known.toLowerCase() === name.toLowerCase());
      if (key === undefined) throw new PolicyError(`the condition key ${name} is not known`);
      return { operator: operator as Operator, key, values: listOf(values) };
    });
  });
}

/** All ways to pick one of each list. */
const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((picked, list) => picked.flatMap((some) => list.map((one) => [...some, one])), [[]]);

/**
 * The rules of a policy document. An Allow is split into one rule per action, resource and value of a condition, so that
 * each can be counted and removed.
 * @throws PolicyError for everything that this file does not evaluate
 */
export function readPolicy(document: unknown): Rule[] {
  const { Version, Statement, ...others } = document as Record<string, unknown>;
  if (Version !== '2012-10-17') throw new PolicyError(`the version ${String(Version)} is not known`);
  if (Object.keys(others).length > 0) throw new PolicyError(`the element ${Object.keys(others)[0]} is not known`);
  return [Statement].flat().flatMap((statement) => {
    const given = statement as Record<string, unknown>;
    const unknown = Object.keys(given).find((element) => !ELEMENTS.includes(element));
    if (unknown !== undefined) throw new PolicyError(`the element ${unknown} is not known`);
    const { Sid: sid = '', Effect: effect } = given;
    if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError(`the effect ${String(effect)} is not known`);
    const conditions = readCondition(given.Condition);
    const split = conditions.map((condition) => condition.values.map((value) => ({ ...condition, values: [value] })));
    return listOf(given.Action).flatMap((action) =>
      listOf(given.Resource).flatMap((resource) =>
        (effect === 'Allow' ? product(split) : [conditions]).map((some) => {
          const only = some.map(({ key, values }) => `${key}=${values.join('|')}`).join(' ');
          const name = `${String(sid)}: ${action} on ${resource}${only && ` if ${only}`}`;
          return { name, effect, action, resource, conditions: some };
        }),
      ),
    );
  });
}

function applies({ effect, action, resource, conditions }: Rule, access: Access): boolean {
  const isArn = effect === 'Allow' ? matchesArn : matches;
  if (!matches(action.toLowerCase(), access.action.toLowerCase()) || !isArn(resource, access.resource)) return false;
  return conditions.every(({ operator, key, values }) => {
    const value = access.context?.[key];
    return value !== undefined && values.some((wanted) => OPERATORS[operator](wanted, value));
  });
}

/** An explicit Deny wins over every Allow; without an Allow, the answer is no. */
export function evaluate(rules: readonly Rule[], access: Access): Decision {
  const met = rules.filter((rule) => applies(rule, access));
  const denies = met.filter(({ effect }) => effect === 'Deny');
  const isExplicit = denies.length > 0;
  return { allowed: met.length > 0 && !isExplicit, isExplicit, by: isExplicit ? denies : met };
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}
