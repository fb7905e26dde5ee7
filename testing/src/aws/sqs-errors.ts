import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidBatchEntryId,
  MessageNotInflight,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  SQSServiceException,
  TooManyEntriesInBatchRequest,
} from '@aws-sdk/client-sqs';
import { serviceErrorOptions } from './aws-errors.js';

/** Besides a name, SQS errors carry the code of the older query protocol. */
function withCode<Failure extends Error>(failure: Failure, code: string = failure.name): Failure & { Code: string } {
  return Object.assign(failure, { Code: code });
}

const OLDER = 'AWS.SimpleQueueService.';

export function queueDoesNotExist(): Error {
  const options = serviceErrorOptions('QueueDoesNotExist', 'The specified queue does not exist.');
  return withCode(new QueueDoesNotExist(options), `${OLDER}NonExistentQueue`);
}

export function missingParameter(name: string): Error & { Code: string } {
  const message = `The request must contain the parameter ${name}.`;
  return withCode(new SQSServiceException(serviceErrorOptions('MissingParameter', message)));
}

export function invalidValue(value: unknown, parameter: string, reason: string): Error & { Code: string } {
  const message = `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`;
  return withCode(new SQSServiceException(serviceErrorOptions('InvalidParameterValue', message)));
}

export function receiptHandleIsInvalid(handle: string): Error & { Code: string } {
  const message = `The input receipt handle "${handle}" is not a valid receipt handle.`;
  return withCode(new ReceiptHandleIsInvalid(serviceErrorOptions('ReceiptHandleIsInvalid', message)));
}

export function messageNotInflight(): Error & { Code: string } {
  const options = serviceErrorOptions('MessageNotInflight', 'The specified message is not in flight.');
  return withCode(new MessageNotInflight(options), `${OLDER}MessageNotInflight`);
}

const MAX_ENTRIES = 10;
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;

/** @throws the error with which SQS rejects a whole batch */
export function checkEntries(entries: readonly { Id: string | undefined }[]): void {
  const ids = entries.map(({ Id }) => Id ?? '');
  if (ids.length === 0) {
    const options = serviceErrorOptions('EmptyBatchRequest', 'There should be at least one entry in the request.');
    throw withCode(new EmptyBatchRequest(options), `${OLDER}EmptyBatchRequest`);
  }
  if (ids.length > MAX_ENTRIES) {
    const message = `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${ids.length}.`;
    const options = serviceErrorOptions('TooManyEntriesInBatchRequest', message);
    throw withCode(new TooManyEntriesInBatchRequest(options), `${OLDER}TooManyEntriesInBatchRequest`);
  }
  if (new Set(ids).size < ids.length) {
    const options = serviceErrorOptions('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
    throw withCode(new BatchEntryIdsNotDistinct(options), `${OLDER}BatchEntryIdsNotDistinct`);
  }
  const wrongId = ids.find((id) => !ENTRY_ID.test(id));
  if (wrongId !== undefined) {
    const options = serviceErrorOptions('InvalidBatchEntryId', `The Id "${wrongId}" is not valid.`);
    throw withCode(new InvalidBatchEntryId(options), `${OLDER}InvalidBatchEntryId`);
  }
}
