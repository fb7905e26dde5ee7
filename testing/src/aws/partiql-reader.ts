import { RESERVED_WORDS } from './partiql-words.js';
import { StatementFailure } from './statement-failure.js';
import { copy, marshal } from './values.js';

type Token = { kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'end'; text: string };

const TOKEN =
  /\s+|(?<word>[A-Za-z_][A-Za-z0-9_]*)|"(?<name>(?:[^"]|"")*)"|'(?<string>(?:[^']|'')*)'|(?<number>\d+(?:\.\d+)?)|(?<symbol><>|<=|>=|!=|[^\s])/gy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const groups: [string, string | undefined][] = Object.entries(match.groups ?? {});
    const [kind, value] = groups.find((group) => group[1] !== undefined) ?? [];
    // White space is in no group.
    if (kind === undefined || value === undefined) continue;
    const unescaped =
      kind === 'name' ? value.replaceAll('""', '"') : kind === 'string' ? value.replaceAll("''", "'") : value;
    tokens.push({ kind: kind as Token['kind'], text: unescaped });
  }
  return tokens;
}

/** The tokens of one statement and its positional parameters, each taken once and from the left. */
export class PartiqlReader {
  private readonly tokens: Token[];
  private readonly parameters: unknown[];
  private position = 0;

  constructor(
    private readonly text: string,
    parameters: readonly unknown[],
  ) {
    this.tokens = tokenize(text);
    this.parameters = parameters.map((parameter) => {
      marshal(parameter);
      return copy(parameter);
    });
  }

  /** Not an AWS error: the test relies on something that the fake cannot vouch for. */
  unsupported(expected: string): Error {
    const found = this.peek().kind === 'end' ? 'the end' : `"${this.peek().text}"`;
    return new Error(
      `The fake's PartiQL does not cover this statement (expected ${expected}, found ${found}): ${this.text}`,
    );
  }

  /** Takes the keyword if it is next. */
  takeWord(keyword: string): boolean {
    const token = this.peek();
    if (token.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
    this.position += 1;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.position += 1;
    return true;
  }

  expectWord(keyword: string): void {
    if (!this.takeWord(keyword)) throw this.unsupported(keyword);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unsupported(`"${symbol}"`);
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.unsupported('the end');
    // The emulators let surplus parameters pass; one too many is always a mistake.
    if (this.parameters.length > 0) throw this.wrongParameterCount();
  }

  /** A table name; unquoted ones could not hold the dash that ours have. */
  tableName(): string {
    const token = this.take();
    if (token.kind !== 'name') throw this.unsupported('a quoted table name');
    return token.text;
  }

  /** A single-quoted string, as the attribute names of an INSERT are. */
  stringLiteral(): string {
    const token = this.peek();
    if (token.kind !== 'string') throw this.unsupported("a 'name'");
    return this.take().text;
  }

  /** `name`, `"name"`, `map.name` */
  path(): string[] {
    const path = [this.attributeName()];
    while (this.takeSymbol('.')) path.push(this.attributeName());
    return path;
  }

  nextIsPath(): boolean {
    const { kind, text } = this.peek();
    return kind === 'name' || (kind === 'word' && !['TRUE', 'FALSE', 'NULL'].includes(text.toUpperCase()));
  }

  /** `?` or a literal. */
  value(): unknown {
    if (this.takeSymbol('?')) {
      if (this.parameters.length === 0) throw this.wrongParameterCount();
      return this.parameters.shift();
    }
    if (this.takeWord('TRUE')) return true;
    if (this.takeWord('FALSE')) return false;
    if (this.takeWord('NULL')) return null;
    const token = this.peek();
    if (token.kind !== 'string' && token.kind !== 'number') throw this.unsupported('? or a literal');
    this.position += 1;
    return token.kind === 'number' ? Number(token.text) : token.text;
  }

  private attributeName(): string {
    const token = this.peek();
    if (token.kind !== 'name' && token.kind !== 'word') throw this.unsupported('an attribute name');
    if (token.kind === 'word' && RESERVED_WORDS.has(token.text.toLowerCase())) {
      throw new StatementFailure('ValidationError', `Statement wasn't well formed, can't be processed: ${this.text}`);
    }
    this.position += 1;
    return token.text;
  }

  private wrongParameterCount(): StatementFailure {
    return new StatementFailure('ValidationError', "Number of parameters in request and statement don't match.");
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end', text: '' };
  }

  private take(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }
}
