import type { Item } from './values.js';

/** Why a statement was not applied, in the words that a batch reports; a single call has longer names for the same. */
export class StatementFailure extends Error {
  override readonly name = 'StatementFailure';

  constructor(
    readonly code: 'ConditionalCheckFailed' | 'DuplicateItem' | 'ValidationError' | 'ResourceNotFound',
    message: string,
    /** The item that the condition met; only known to the caller if it asked for ALL_OLD. */
    readonly item?: Item,
  ) {
    super(message);
  }
}

export function conditionFailed(item?: Item): StatementFailure {
  return new StatementFailure('ConditionalCheckFailed', 'The conditional request failed', item);
}

export function invalid(message: string): StatementFailure {
  return new StatementFailure('ValidationError', message);
}

export function tableNotFound(): StatementFailure {
  return new StatementFailure('ResourceNotFound', 'Requested resource not found');
}
