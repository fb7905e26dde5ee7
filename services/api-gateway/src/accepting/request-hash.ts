import { createHash } from 'node:crypto';
import { canonicalJson } from '@orderflow/contracts';

/** Hex SHA-256 that tells whether two requests with one idempotency key are equal; '' without a key. */
export function requestHash(request: object, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return '';
  return createHash('sha256').update(canonicalJson(request)).digest('hex');
}
