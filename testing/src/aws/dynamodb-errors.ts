import { DynamoDBServiceException, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { serviceErrorOptions } from './aws-errors.js';
import { StatementFailure } from './statement-failure.js';

/** The SDK's exception for a call that failed as a whole. Other errors are returned unchanged. */
export function toServiceException(failure: unknown): unknown {
  if (!(failure instanceof StatementFailure)) return failure;
  return failure.code === 'ResourceNotFound'
    ? new ResourceNotFoundException(serviceErrorOptions('ResourceNotFoundException', failure.message))
    : new DynamoDBServiceException(serviceErrorOptions('ValidationException', failure.message));
}
