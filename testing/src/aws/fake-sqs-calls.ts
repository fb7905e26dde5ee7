import type { MessageAttributeValue, SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { bytesOf } from '@orderflow/platform/aws/fast-path/fast-path';
import { queueArnOf } from './arns.js';
import type { FakeQueue, QueueSettings } from './fake-queue.js';
import { checkEntries, invalidValue, missingParameter } from './sqs-errors.js';

const LONGEST_DELAY_SECONDS = 900;
/** Attributes count, with their names and types. */
const LONGEST_MESSAGE_BYTES = 1_048_576;
const MOST_ATTRIBUTES = 10;

type Sendable = Pick<SendMessageCommandInput, 'MessageBody' | 'MessageAttributes' | 'DelaySeconds'>;

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

/** MD5 sums are left out: the SDK's check of them is part of the client that the fake replaces. */
export function send(queue: FakeQueue, input: Sendable): { MessageId: string } {
  const { MessageBody: body, MessageAttributes: attributes = {}, DelaySeconds: delaySeconds = 0 } = input;
  if (!body) throw missingParameter('MessageBody');
  const entries = Object.entries(attributes);
  const bytes = entries.reduce((sum, entry) => sum + checkAttribute(...entry), Buffer.byteLength(body));
  if (bytes > LONGEST_MESSAGE_BYTES) {
    throw invalidValue('(too long)', 'MessageBody', `Must be shorter than ${LONGEST_MESSAGE_BYTES} bytes.`);
  }
  if (entries.length > MOST_ATTRIBUTES) {
    throw invalidValue(
      entries.length,
      'MessageAttributes',
      `Number of message attributes exceeds the allowed maximum of ${MOST_ATTRIBUTES}.`,
    );
  }
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > LONGEST_DELAY_SECONDS) {
    throw invalidValue(delaySeconds, 'DelaySeconds', 'DelaySeconds must be an integer >= 0 and <= 900.');
  }
  return { MessageId: queue.send(body, attributes, delaySeconds) };
}

type Entry = { Id: string | undefined };
type Failed = { Id: string; SenderFault: boolean; Code: string; Message: string };

/** Treats each entry by itself: what one refuses does not touch the others. */
export function answerEntries<Given extends Entry>(
  entries: readonly Given[],
  takeEntryFault: () => string | undefined,
  treat: (entry: Given) => object,
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
      successful.push({ Id: id, ...treat(entry) });
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

function redrivePolicy({ deadLetter, maxReceiveCount }: NonNullable<QueueSettings['redrive']>): string {
  return JSON.stringify({ deadLetterTargetArn: queueArnOf(deadLetter), maxReceiveCount });
}

export function attributesOf(queue: FakeQueue, names: readonly string[]): { Attributes: Record<string, string> } {
  const { visible, notVisible, delayed } = queue.counts();
  const { redrive, visibilityTimeoutSeconds = 30 } = queue.settings;
  const attributes: Record<string, string> = {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(notVisible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    QueueArn: queue.arn,
    VisibilityTimeout: String(visibilityTimeoutSeconds),
    ...(redrive ? { RedrivePolicy: redrivePolicy(redrive) } : {}),
  };
  const wanted = Object.entries(attributes).filter(([name]) => names.includes('All') || names.includes(name));
  return { Attributes: Object.fromEntries(wanted) };
}
