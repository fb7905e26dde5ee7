import { createHash } from 'node:crypto';
import { invalid } from '../http/problems/api-problem.js';

/** A page's end: the `createdAt#id` of its last item. */
const POSITION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const CHECKSUM_LENGTH = 12;

/** Binds a cursor to its filter. Not a secret: a forged cursor shows nothing that a request could not. */
function checksum(position: string, filter: string): string {
  return createHash('sha256').update(`${filter}\n${position}`).digest('base64url').slice(0, CHECKSUM_LENGTH);
}

export function encodeCursor(position: string, filter: string): string {
  return Buffer.from(`${checksum(position, filter)}${position}`).toString('base64url');
}

/**
 * The position that a cursor names; undefined for the first page.
 * @throws ApiProblem VALIDATION_FAILED for anything that encodeCursor did not make with the same filter
 */
export function decodeCursor(cursor: string | undefined, filter: string): string | undefined {
  if (cursor === undefined) return undefined;
  const position = Buffer.from(cursor, 'base64url').toString().slice(CHECKSUM_LENGTH);
  const valid =
    POSITION.test(position) &&
    encodeCursor(position, filter) === cursor &&
    !Number.isNaN(Date.parse(position.slice(0, 24)));
  if (!valid) throw invalid('cursor', 'cursor must be the nextCursor of a page with the same filter');
  return position;
}
