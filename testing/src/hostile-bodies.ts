import fc from 'fast-check';
import { isPlainObject } from './aws/values.js';

type Path = readonly string[];

/** Any code point, including lone surrogates. fast-check's `binary` takes seconds. */
export const anyCharacter = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));

/** Names with a meaning in JavaScript. */
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON'];

/** Placeholder for values that JSON.stringify cannot write, or only slowly. */
const PLACEHOLDER = '@@placeholder@@';

function pathsOf(value: unknown, path: Path = []): Path[] {
  const children = Array.isArray(value) || isPlainObject(value) ? Object.entries(value) : [];
  return [path, ...children.flatMap(([name, child]) => pathsOf(child, [...path, name]))];
}

/** A copy with `change` applied at the path. `__proto__` becomes an ordinary property. */
function changed(value: unknown, [name, ...rest]: Path, change: (old: unknown) => [] | [unknown]): [] | [unknown] {
  if (name === undefined) return change(value);
  const entries = Object.entries(value as object).flatMap(([key, child]): [string, unknown][] =>
    key === name ? changed(child, rest, change).map((now): [string, unknown] => [key, now]) : [[key, child]],
  );
  return [Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries)];
}

const put = (sample: object, path: Path, value: unknown) => changed(sample, path, () => [value])[0] ?? null;

/**
 * Characters that SQS accepts:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
function asSqsBody(text: string): string {
  return (
    text.toWellFormed().replaceAll(/[^\t\n\r -\uFFFD]/gu, (character) => (character.length > 1 ? character : ' ')) ||
    ' '
  );
}

/** Any JSON, including prototype keys. */
function junkValue(): fc.Arbitrary<unknown> {
  const name = fc.oneof(fc.string(), fc.constantFrom(...PROTOTYPE_KEYS));
  const leaf = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 50 }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, '', 0, -0, 1e308, 2 ** 53, '\u0000', '\ud800', '2026-13-45T99:99:99Z', 'NaN'),
  );
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  })).value;
}

/**
 * Message bodies that no publisher of this project sends: changed, deep or huge ones, prototype keys, other JSON, and
 * text.
 */
export function hostileBody(sample: object): fc.Arbitrary<string> {
  const anyPath = fc.constantFrom(...pathsOf(sample));
  const innerPath = fc.constantFrom(...pathsOf(sample).slice(1));
  const text = JSON.stringify(sample);

  const replaced = fc.tuple(anyPath, junkValue()).map(([path, junk]) => JSON.stringify(put(sample, path, junk)));
  const removed = innerPath.map((path) => JSON.stringify(changed(sample, path, () => [])[0]));
  const wrapped = innerPath.map((path) => JSON.stringify(changed(sample, path, (old) => [[old]])[0]));
  const withPrototypeKey = fc
    .tuple(anyPath, fc.constantFrom(...PROTOTYPE_KEYS), junkValue())
    .map(([path, key, junk]) =>
      JSON.stringify(
        changed(sample, path, (old) => [
          Object.fromEntries([...(isPlainObject(old) ? Object.entries(old) : []), [key, junk]]),
        ])[0],
      ),
    );
  const cut = fc.nat(text.length).map((length) => text.slice(0, length));
  const spliced = fc
    .tuple(fc.nat(text.length), fc.nat(5), fc.string({ unit: anyCharacter, maxLength: 10 }))
    .map(([at, count, insert]) => text.slice(0, at) + insert + text.slice(at + count));

  const inside = (path: Path, json: string) =>
    JSON.stringify(put(sample, path, PLACEHOLDER)).replace(`"${PLACEHOLDER}"`, () => json);
  const deep = fc
    .tuple(anyPath, fc.integer({ min: 100, max: 30_000 }), fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[', '']))
    .map(([path, depth, [open = '', close = '']]) =>
      inside(path, open.repeat(depth) + (open.endsWith(':') ? '1' : '') + close.repeat(depth)),
    );
  const huge = fc
    .tuple(anyPath, fc.integer({ min: 10_000, max: 200_000 }), fc.boolean())
    .map(([path, size, isList]) => inside(path, isList ? `[${'1,'.repeat(size / 2)}1]` : `"${'x'.repeat(size)}"`));

  return fc
    .oneof(
      { weight: 30, arbitrary: replaced },
      { weight: 8, arbitrary: removed },
      { weight: 8, arbitrary: wrapped },
      { weight: 20, arbitrary: withPrototypeKey },
      { weight: 6, arbitrary: cut },
      { weight: 10, arbitrary: spliced },
      { weight: 3, arbitrary: deep },
      { weight: 1, arbitrary: huge },
      { weight: 7, arbitrary: junkValue().map((junk) => JSON.stringify(junk)) },
      { weight: 7, arbitrary: fc.string({ unit: anyCharacter, maxLength: 200 }) },
    )
    .map(asSqsBody);
}

/** Fixed cases in CI, random ones elsewhere. A failure prints the seed; FC_SEED repeats it. */
export function propertySeed(env: NodeJS.ProcessEnv): { seed?: number } {
  if (env.FC_SEED) return { seed: Number(env.FC_SEED) };
  return env.CI ? { seed: 20_261_121 } : {};
}
