/** The label matchers and grouping labels of a metric in a PromQL expression. */
export type Selector = { metric: string; matchers: Matcher[]; groupedBy: string[] };

type Matcher = { label: string; operator: '=' | '!=' | '=~' | '!~'; value: string };
type Token = { text: string; kind: 'name' | 'string' | 'range' | 'other' };

const TOKEN = /\s+|([A-Za-z_:][\w:]*)|"((?:[^"\\]|\\.)*)"|(\[[^\]]*\])|(\d[\w.]*|=~|!~|!=|==|>=|<=|[-+*/%^=<>(){},])/gy;
const GROUPINGS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (!match) throw new Error(`cannot read ${expression.slice(at)}`);
    const [, name, text, range, other] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (text !== undefined) tokens.push({ kind: 'string', text });
    else if (range !== undefined) tokens.push({ kind: 'range', text: range });
    else if (other !== undefined) tokens.push({ kind: 'other', text: other });
  }
  return tokens;
}

/**
 * The selectors of an expression. Supports the syntax of the dashboards and rules: `sum by (label) (expression)`.
 * @throws when it meets anything else
 */
export function selectorsOf(expression: string): Selector[] {
  const tokens = tokenize(expression);
  const selectors: Selector[] = [];
  /** Labels grouped by, one entry for each open parenthesis. */
  const open: string[][] = [];
  let at = 0;

  const peek = () => tokens[at]?.text;
  function take(expected?: string): string {
    const token = tokens[at++];
    if (!token || (expected !== undefined && token.text !== expected)) {
      throw new Error(`${expected ?? 'more'} is missing at ${token?.text ?? 'the end'} in ${expression}`);
    }
    return token.text;
  }
  function list<T>(first: string, last: string, item: () => T): T[] {
    const items: T[] = [];
    take(first);
    while (peek() !== last) {
      items.push(item());
      if (peek() === ',') take();
    }
    take(last);
    return items;
  }
  const matcher = (): Matcher => ({ label: take(), operator: take() as Matcher['operator'], value: take() });

  while (at < tokens.length) {
    const { kind, text } = tokens[at]!;
    if (kind !== 'name' || WORDS.has(text)) {
      at += 1;
      if (text === '(') open.push([]);
      if (text === ')' && !open.pop()) throw new Error(`too many ) in ${expression}`);
    } else if (GROUPINGS.has(text)) {
      throw new Error(`${text} is not understood here: ${expression}`);
    } else {
      at += 1;
      if (peek() === 'by') {
        take();
        const labels = list('(', ')', take);
        take('(');
        open.push(labels);
      } else if (peek() !== '(') {
        const matchers = peek() === '{' ? list('{', '}', matcher) : [];
        selectors.push({ metric: text, matchers, groupedBy: [...new Set(open.flat())] });
      }
    }
  }
  if (open.length > 0) throw new Error(`${open.length} ) are missing in ${expression}`);
  return selectors;
}

type Sample = { name: string; labels: Record<string, string> };

/** What an expression refers to and no sample has: metrics, labels, label values. */
export function missingFor(expression: string, samples: readonly Sample[]): string[] {
  return selectorsOf(expression).flatMap(({ metric, matchers, groupedBy }) => {
    const found = samples.filter(({ name }) => name === metric);
    if (found.length === 0) return [metric];
    const labels = [...new Set([...groupedBy, ...matchers.map(({ label }) => label)])];
    const unknown = labels.filter((label) => !found.some((sample) => label in sample.labels));
    // A metric that must be absent may have no sample.
    const unmet = matchers.filter(
      ({ label, operator, value }) =>
        !unknown.includes(label) &&
        !operator.startsWith('!') &&
        !found.some(({ labels: { [label]: text = '' } }) =>
          operator === '=' ? text === value : new RegExp(`^(?:${value})$`).test(text),
        ),
    );
    return [
      ...unknown.map((label) => `${metric}{${label}}`),
      ...unmet.map(({ label, operator, value }) => `${metric}{${label}${operator}"${value}"}`),
    ];
  });
}
