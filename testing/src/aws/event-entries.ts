import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { ACCOUNT, REGION } from './arns.js';

type Rejection = { ErrorCode: string; ErrorMessage: string };

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export function sizeOf({ Time: time, Source, DetailType, Detail, Resources = [] }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources].map((text) => Buffer.byteLength(text ?? ''));
  return texts.reduce((sum, bytes) => sum + bytes, time === undefined ? 0 : 14);
}

function parseDetail(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function rejectionOf(entry: PutEventsRequestEntry): Rejection | undefined {
  const missing = (['Source', 'DetailType', 'Detail'] as const).find((name) => !entry[name]);
  if (missing) {
    const message = `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
  }
  const detail = parseDetail(entry.Detail ?? '');
  const isObject = typeof detail === 'object' && detail !== null && !Array.isArray(detail);
  return isObject ? undefined : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

/** The JSON that a target receives: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export function eventJson(id: string, entry: PutEventsRequestEntry, nowMs: number): string {
  return JSON.stringify({
    version: '0',
    id,
    'detail-type': entry.DetailType,
    source: entry.Source,
    account: ACCOUNT,
    // EventBridge writes whole seconds.
    time: (entry.Time ?? new Date(nowMs)).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: REGION,
    resources: entry.Resources ?? [],
    detail: parseDetail(entry.Detail ?? ''),
  });
}
