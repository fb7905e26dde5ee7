import { randomUUID } from 'node:crypto';
import type { AwsRequest } from './aws-json.js';
import type { FaultKind, Faults } from './faults.js';
import type { Forward } from './receive-message.js';
import type { UpstreamAnswer } from './upstream.js';

export const PUT_EVENTS = 'EventBridge PutEvents';

type EntryResult = { EventId?: string; ErrorCode?: string; ErrorMessage?: string };

const REJECTED: EntryResult = { ErrorCode: 'InternalFailure', ErrorMessage: 'rejected by the faulty network' };

/** Applies entry faults, and merges the answers to match the client's entries. */
export function createBus({ faults, applied }: { faults: Faults; applied: (kind: FaultKind) => void }) {
  let ordinal = 0;

  return async (request: AwsRequest, forward: Forward): Promise<UpstreamAnswer> => {
    const entries = (request.Entries ?? []).map((entry) => ({
      entry,
      met: faults.ofPart(PUT_EVENTS, ++ordinal, { ...request, Entries: [entry] }),
    }));
    if (entries.every(({ met }) => met.size === 0)) return forward(request);

    const sent = entries.filter(({ met }) => !met.has('reject-entry') && !met.has('swallow'));
    let answer: UpstreamAnswer = {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: Buffer.from('{}'),
    };
    if (sent.length > 0) {
      answer = await forward({ ...request, Entries: sent.map(({ entry }) => entry) });
      if (answer.status !== 200) return answer;
    }
    const twice = sent.filter(({ met }) => met.has('duplicate-publication'));
    if (twice.length > 0) {
      await forward({ ...request, Entries: twice.map(({ entry }) => entry) });
      for (const _entry of twice) applied('duplicate-publication');
    }

    const { Entries: real = [] } = JSON.parse(answer.body.toString()) as { Entries?: EntryResult[] };
    const results = entries.map(({ met }): EntryResult => {
      if (met.has('reject-entry')) {
        applied('reject-entry');
        return REJECTED;
      }
      if (met.has('swallow')) {
        applied('swallow');
        return { EventId: randomUUID() };
      }
      return real.shift() ?? REJECTED;
    });
    const failed = results.filter(({ ErrorCode: code }) => code !== undefined).length;
    return { ...answer, body: Buffer.from(JSON.stringify({ FailedEntryCount: failed, Entries: results })) };
  };
}
