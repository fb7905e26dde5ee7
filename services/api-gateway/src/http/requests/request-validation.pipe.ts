import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { toUuid, type ProblemEntry } from '@orderflow/contracts';
import { validationErrors } from '@orderflow/platform/validation/validate';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import type { ValidationError } from 'class-validator';
import { invalid, notValid } from '../problems/api-problem.js';

/** Deeper than any valid body. Recursion over a hostile one would overflow the call stack. */
const MAX_DEPTH = 10;
/** Twice as many as a valid body can hold. class-validator would spend seconds and megabytes on a hostile one. */
const MAX_VALUES = 1_000;
/** A client with this many errors does not need the rest at once. */
const MAX_ENTRIES = 500;
/** The client chooses the names in a path and message, and each entry repeats its parents' names. */
const MAX_ENTRY_LENGTH = 300;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function join(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent === '' ? property : `${parent}.${property}`;
}

function cut(text: string): string {
  return text.length > MAX_ENTRY_LENGTH ? `${text.slice(0, MAX_ENTRY_LENGTH)}…` : text;
}

/** Limits the number of entries in an answer and the length of each. */
function bounded(entries: readonly ProblemEntry[]): ProblemEntry[] {
  const named = entries.length > MAX_ENTRIES ? MAX_ENTRIES - 1 : entries.length;
  const rest = entries.length - named;
  return [
    ...entries.slice(0, named).map(({ path, message }) => ({ path: cut(path), message: cut(message) })),
    ...(rest > 0 ? [{ path: '', message: `${rest} more problems are not listed` }] : []),
  ];
}

/** Range messages are noise for a value that is not a number. */
function messagesOf({ min, max, ...others }: Record<string, string> = {}): string[] {
  const ranges = [min, max].filter((message) => message !== undefined);
  return 'isInt' in others || 'isNumber' in others ? Object.values(others) : [...ranges, ...Object.values(others)];
}

/** One entry per message, each with the path of its value. */
function entriesOf(errors: readonly ValidationError[], parent = ''): ProblemEntry[] {
  return errors.flatMap((error) => {
    const path = join(parent, error.property);
    const own = messagesOf(error.constraints).map((message) => ({ path, message }));
    return [...own, ...entriesOf(error.children ?? [], path)];
  });
}

/**
 * Rejects, before either library runs: names that every object inherits (they pass class-validator's whitelist), deep
 * nesting (it would overflow class-transformer's stack) and too many values. Iterative, so that nesting is harmless.
 */
function hostileEntries(body: object): ProblemEntry[] {
  const entries: ProblemEntry[] = [];
  const waiting: { value: object; path: string; depth: number }[] = [{ value: body, path: '', depth: 1 }];
  let values = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, path, depth } = next;
    if (depth > MAX_DEPTH) return [{ path, message: `the request is nested more than ${MAX_DEPTH} levels deep` }];
    for (const [key, child] of Object.entries(value)) {
      values += 1;
      if (values > MAX_VALUES) return [{ path, message: `the request holds more than ${MAX_VALUES} values` }];
      if (!Array.isArray(value) && key in Object.prototype) {
        entries.push({ path: join(path, key), message: `property ${key} should not exist` });
      } else if (typeof child === 'object' && child !== null) {
        waiting.push({ value: child as object, path: join(path, key), depth: depth + 1 });
      }
    }
  }
  return entries;
}

/**
 * Validates bodies and queries against their contract classes and reports every problem with its path. Nest's own pipe
 * walks each value several more times, for input that neither JSON nor a query can contain.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    // Path and header values have their own pipes.
    if ((type !== 'body' && type !== 'query') || data !== undefined || metatype === undefined) return value;
    if (!isObject(value)) throw invalid('', `the ${type} must be a JSON object`);
    const hostile = hostileEntries(value);
    if (hostile.length > 0) throw notValid(bounded(hostile));
    const request = plainToInstance(metatype as ClassConstructor<object>, value);
    const errors = validationErrors(request, { onlyDeclared: true });
    if (errors.length > 0) throw notValid(bounded(entriesOf(errors)));
    return request;
  }
}

/** Validates a path parameter that is a UUID, and converts it to the lower case that is stored. */
@Injectable()
export class UuidPipe {
  transform(value: string, { data }: ArgumentMetadata): string {
    const id = toUuid(value);
    if (id === undefined) throw invalid(data ?? 'id', `${data ?? 'id'} must be a UUID`);
    return id;
  }
}
