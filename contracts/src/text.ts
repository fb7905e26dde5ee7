import { Transform } from 'class-transformer';
import { Matches, ValidateBy } from 'class-validator';
import { applyAll } from './properties.js';

export const IS_TEXT = 'isText';
export const IS_TEXT_OR_NULL = 'isTextOrNull';

/**
 * No control characters, which break logs, terminals and SQS message attributes, and not only spaces. The schemas
 * publish it, so it uses only what the regular expressions of all languages share: no \u, \p or (?, and no class such
 * as \s, whose meaning differs. isText checks the rest.
 */
// eslint-disable-next-line no-control-regex -- the expression is about control characters
export const TEXT = /^[ \xA0]*[^\x00-\x20\x7F-\xA0][^\x00-\x1F\x7F-\x9F]*$/;

/** What TEXT cannot express: see isText. */
export const TEXT_DESCRIPTION = 'At least one character is visible.';

/**
 * A visible character: a letter, number, punctuation mark or symbol, but not a combining, joining, selecting or filling
 * one. Unicode has no property for the five letters and symbols that are drawn as nothing.
 */
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point}|[\u2800\ufffc\u{13441}\u{13442}\u{1d159}])[\p{L}\p{N}\p{P}\p{S}]/u;

function isText(value: unknown, max: number): value is string {
  return (
    typeof value === 'string' &&
    TEXT.test(value) &&
    VISIBLE.test(value) &&
    value.isWellFormed() &&
    Array.from(value).length <= max
  );
}

// eslint-disable-next-line no-control-regex -- the expression is about control characters
const ALL_CONTROLS = /[\x00-\x1F\x7F-\x9F]+/g;

/** Converts any external text to one that IsText(max) accepts. Valid text stays unchanged. */
export function toText(value: unknown, max: number, fallback: string): string {
  if (isText(value, max)) return value;
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return fallback;
  // A character has at most two code units. toWellFormed comes last, because the cut may halve one.
  const line = String(value).replace(ALL_CONTROLS, ' ').trimStart();
  const text = Array.from(line.slice(0, 2 * max).toWellFormed())
    .slice(0, max)
    .join('');
  return isText(text, max) ? text : fallback;
}

/**
 * One line of 1 to `max` Unicode characters: no control characters, no lone surrogates, at least one visible character.
 */
export function IsText(max: number): PropertyDecorator {
  return ValidateBy({
    name: IS_TEXT,
    constraints: [max],
    validator: {
      validate: (value) => isText(value, max),
      defaultMessage: (args) =>
        `${args?.property ?? 'text'} must be text of 1 to ${max} characters without control characters, at least one of them visible`,
    },
  });
}

/** Like IsText, or null. */
export function IsTextOrNull(max: number): PropertyDecorator {
  return ValidateBy({
    name: IS_TEXT_OR_NULL,
    constraints: [max],
    validator: {
      validate: (value) => value === null || isText(value, max),
      defaultMessage: (args) => `${args?.property ?? 'text'} must be null or text of 1 to ${max} characters`,
    },
  });
}

const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/;

/** A client's own identifier, for example of a customer or product. */
export function IsReference(): PropertyDecorator {
  return Matches(REFERENCE, {
    message: '$property must be 1 to 64 of the characters A-Z a-z 0-9 . _ : @ - and start with a letter or digit',
  });
}

/** Whether a value could be a client's own identifier. */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && REFERENCE.test(value);
}

/** W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/#traceparent-header */
export const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A later version may add fields; only the fields of version 00 and the first flag are known. */
const LATER_TRACEPARENT = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32}-[0-9a-f]{16})-[0-9a-f]([0-9a-f])(?:-.*)?$/s;

/** Turns a traceparent of any version into version 00; undefined if the value is not a traceparent. */
export function toTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (TRACEPARENT.test(value)) return value;
  const [, ids, flags] = LATER_TRACEPARENT.exec(value) ?? [];
  return ids === undefined || flags === undefined ? undefined : `00-${ids}-0${Number.parseInt(flags, 16) & 1}`;
}

/** An optional traceparent. Invalid text is dropped without an error, and a new trace begins, as W3C requires. */
export function IsTraceparent(): PropertyDecorator {
  const toKnown = Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? toTraceparent(value) : value,
  );
  return applyAll(Matches(TRACEPARENT), toKnown);
}

/** A client's correlation id: bounded, and safe in a log line and a header. */
export const CORRELATION_ID = /^[A-Za-z0-9._:@-]{1,128}$/;
