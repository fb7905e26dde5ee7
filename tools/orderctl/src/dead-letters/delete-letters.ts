import { DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import type { Sqs } from '@orderflow/platform/aws/clients';
import { reasonOf } from '../outage.js';

/**
 * Deletes messages. Never rejects, because some may be deleted and others not.
 * @returns the handles of those that are gone, and for the others the reasons by handle
 */
export async function deleteLetters(sqs: Sqs, queueUrl: string, letters: readonly DeadLetter[]) {
  const handles = letters.map(({ receiptHandle }) => receiptHandle);
  if (handles.length === 0) return { gone: new Set<string>(), left: new Map<string, string>() };
  const entries = handles.map((handle, index) => ({ Id: String(index), ReceiptHandle: handle }));
  const handleAt = (id: string | undefined): string => handles[Number(id)] ?? '';
  try {
    const { Successful: successful = [], Failed: failed = [] } = await sqs.send(
      new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
    );
    const gone = new Set(successful.map(({ Id: id }) => handleAt(id)));
    const why = new Map(failed.map(({ Id: id, Code: code, Message: text }) => [handleAt(id), text ?? code ?? '']));
    const left = handles.filter((handle) => !gone.has(handle));
    return { gone, left: new Map(left.map((handle) => [handle, why.get(handle) ?? 'the queue did not say why'])) };
  } catch (error) {
    return { gone: new Set<string>(), left: new Map(handles.map((handle) => [handle, reasonOf(error)])), error };
  }
}
