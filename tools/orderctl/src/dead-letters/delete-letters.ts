import { DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import type { Sqs } from '@orderflow/platform/aws/clients';
import { reasonOf } from '../outage.js';

export type Deleted = {
  /** Receipt handles of deleted letters. */
  gone: ReadonlySet<string>;
  /** Reasons by receipt handle. */
  left: ReadonlyMap<string, string>;
  /** The error of the call itself. */
  error?: unknown;
};

/** Deletes messages. Never rejects, because some may be deleted and others not. */
export async function deleteLetters(sqs: Sqs, queueUrl: string, letters: readonly DeadLetter[]): Promise<Deleted> {
  if (letters.length === 0) return { gone: new Set(), left: new Map() };
  const handleAt = (id: string | undefined): string => letters[Number(id)]?.receiptHandle ?? '';
  try {
    const { Successful: successful = [], Failed: failed = [] } = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: letters.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
      }),
    );
    const gone = new Set(successful.map(({ Id: id }) => handleAt(id)));
    const why = new Map(failed.map(({ Id: id, Code: code, Message: text }) => [handleAt(id), text ?? code ?? '']));
    const left = letters.filter(({ receiptHandle }) => !gone.has(receiptHandle));
    const reasons = left.map(({ receiptHandle: handle }) => [handle, why.get(handle) ?? 'the queue did not say why']);
    return { gone, left: new Map(reasons as [string, string][]) };
  } catch (error) {
    const reason = reasonOf(error);
    return { gone: new Set(), left: new Map(letters.map(({ receiptHandle }) => [receiptHandle, reason])), error };
  }
}
