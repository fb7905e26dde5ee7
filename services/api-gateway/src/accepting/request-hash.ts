import { createHash } from 'node:crypto';

/** JSON with sorted keys, so that equal requests have equal text (RFC 8785, for plain data). */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Hex SHA-256 that tells whether two requests with one idempotency key are equal; '' without a key. */
export function requestHash(request: object, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return '';
  return createHash('sha256').update(canonicalJson(request)).digest('hex');
}
