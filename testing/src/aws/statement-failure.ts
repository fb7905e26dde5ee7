import type { Item } from './values.js';

/** Why a statement was not applied, with the code that BatchExecuteStatement reports. */
export class StatementFailure extends Error {
  override readonly name = 'StatementFailure';

  constructor(
    readonly code: 'ConditionalCheckFailed' | 'DuplicateItem' | 'ValidationError' | 'ResourceNotFound',
    message: string,
    /** The item that failed the condition. Callers see it only if they asked for ALL_OLD. */
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
