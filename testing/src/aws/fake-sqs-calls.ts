import type { MessageAttributeValue, SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { bytesOf } from '@orderflow/platform/aws/fast-path/fast-path';
import type { FakeQueue } from './fake-queue.js';
import { checkEntries, invalidValue, missingParameter } from './sqs-errors.js';

/** Including attributes with their names and types. */
const MAX_MESSAGE_BYTES = 1_048_576;
const MAX_ATTRIBUTES = 10;

type Sendable = Pick<SendMessageCommandInput, 'MessageBody' | 'MessageAttributes'>;

/** @returns its size in bytes */
function checkAttribute(name: string, attribute: MessageAttributeValue): number {
  const { DataType: type, StringValue: text, BinaryValue: binary } = attribute;
  if (!type) throw missingParameter(`MessageAttributes.${name}.DataType`);
  if (!/^(String|Number|Binary)(\..{1,250})?$/.test(type)) {
    throw invalidValue(type, `MessageAttributes.${name}`, 'The type must be Binary, Number or String.');
  }
  const value = type.startsWith('Binary') ? bytesOf(binary ?? '') : Buffer.from(text ?? '');
  if (value.length === 0) {
    const kind = type.startsWith('Binary') ? 'BinaryValue' : 'StringValue';
    throw invalidValue(text, `MessageAttributes.${name}`, `Must contain a non-empty ${kind}.`);
  }
  return Buffer.byteLength(name) + type.length + value.length;
}

/** No MD5 sums: the SDK client that checks them is what the fake replaces. */
export function send(queue: FakeQueue, input: Sendable): { MessageId: string } {
  const { MessageBody: body, MessageAttributes: attributes = {} } = input;
  if (!body) throw missingParameter('MessageBody');
  const entries = Object.entries(attributes);
  const bytes = entries.reduce((sum, entry) => sum + checkAttribute(...entry), Buffer.byteLength(body));
  if (bytes > MAX_MESSAGE_BYTES) {
    throw invalidValue('(too long)', 'MessageBody', `Must be shorter than ${MAX_MESSAGE_BYTES} bytes.`);
  }
  if (entries.length > MAX_ATTRIBUTES) {
    throw invalidValue(
      entries.length,
      'MessageAttributes',
      `Number of message attributes exceeds the allowed maximum of ${MAX_ATTRIBUTES}.`,
    );
  }
  return { MessageId: queue.send(body, attributes) };
}

type Entry = { Id: string | undefined };
type Failed = { Id: string; SenderFault: boolean; Code: string; Message: string };

/** Runs each entry independently: one that fails does not affect the others. */
export function answerEntries<Given extends Entry>(
  entries: readonly Given[],
  takeEntryFault: () => string | undefined,
  run: (entry: Given) => object,
): { Successful: object[]; Failed?: Failed[] } {
  checkEntries(entries);
  const successful: object[] = [];
  const failed: Failed[] = [];
  for (const entry of entries) {
    const id = entry.Id ?? '';
    const fault = takeEntryFault();
    if (fault !== undefined) {
      failed.push({ Id: id, SenderFault: false, Code: fault, Message: 'planned by the test' });
      continue;
    }
    try {
      successful.push({ Id: id, ...run(entry) });
    } catch (refusal) {
      if (!isServiceError(refusal)) throw refusal;
      failed.push({ Id: id, SenderFault: true, Code: refusal.Code, Message: refusal.message });
    }
  }
  return { Successful: successful, ...(failed.length > 0 ? { Failed: failed } : {}) };
}

function isServiceError(thrown: unknown): thrown is Error & { Code: string } {
  return thrown instanceof Error && 'Code' in thrown;
}

export function attributesOf(queue: FakeQueue, names: readonly string[]): { Attributes: Record<string, string> } {
  const { visible, inFlight } = queue.counts();
  const attributes: Record<string, string> = {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: '0',
  };
  const unknown = names.find((name) => attributes[name] === undefined);
  if (unknown !== undefined) throw new Error(`The fake GetQueueAttributes does not cover ${unknown}`);
  return { Attributes: Object.fromEntries(names.map((name) => [name, attributes[name] ?? ''])) };
}
