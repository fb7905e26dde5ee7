import {
  ConditionalCheckFailedException,
  DuplicateItemException,
  DynamoDBServiceException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { serviceErrorOptions } from './aws-errors.js';
import { StatementFailure } from './statement-failure.js';
import { marshalItem } from './values.js';

/** A refused statement as the SDK throws it; anything else is passed on. */
export function toServiceException(failure: unknown, options: { withItem?: boolean } = {}): unknown {
  if (!(failure instanceof StatementFailure)) return failure;
  const { code, message, item } = failure;
  switch (code) {
    case 'ConditionalCheckFailed':
      return new ConditionalCheckFailedException({
        ...serviceErrorOptions('ConditionalCheckFailedException', message),
        // lib-dynamodb translates answers, not errors: this item stays in DynamoDB's notation.
        ...(options.withItem && item ? { Item: marshalItem(item) } : {}),
      });
    case 'DuplicateItem':
      return new DuplicateItemException(serviceErrorOptions('DuplicateItemException', message));
    case 'ResourceNotFound':
      return new ResourceNotFoundException(serviceErrorOptions('ResourceNotFoundException', message));
    case 'ValidationError':
      return new DynamoDBServiceException(serviceErrorOptions('ValidationException', message));
  }
}
