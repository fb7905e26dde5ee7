import { hash } from 'node:crypto';

/** The members of an object that JSON contains. */
function membersOf(object: Record<string, unknown>): string[] {
  return Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`);
}

/**
 * JSON with sorted keys: equal values have equal text (RFC 8785, for plain data). A value, a class instance with the same
 * properties, and what `JSON.parse` returns for either have the same text.
 * @throws RangeError for a value that is nested thousands of levels deep
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${membersOf(value as Record<string, unknown>).join(',')}}`;
  // JSON has no undefined: in a list it is null.
  return JSON.stringify(value ?? null);
}

/** SHA-256 of an event's `data`, as 43 characters of base64url. Unknown properties count too. */
export const CONTENT_HASH = /^[A-Za-z0-9_-]{43}$/;

/** The content hash of an event's `data`. The item that the event is about stores it. */
export function contentHashOf(data: object): string {
  return hash('sha256', canonicalJson(data), 'base64url');
}
