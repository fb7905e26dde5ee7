import { queueOf, type AwsRequest, type SqsMessage } from './aws-json.js';
import type { DeliveryCounts } from './deliveries.js';
import type { FaultKind, Faults } from './faults.js';
import type { UpstreamAnswer } from './upstream.js';

export const RECEIVE_MESSAGE = 'SQS ReceiveMessage';

/** Sends a request to the emulator for the client, optionally with another operation. */
export type Forward = (request: AwsRequest, operation?: string) => Promise<UpstreamAnswer>;

type Dependencies = { faults: Faults; deliveries: DeliveryCounts; applied: (kind: FaultKind) => void };

const NOTHING: UpstreamAnswer = {
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from('{}'),
};

/** Applies message faults, and records deliveries. */
export function createReceiver({ faults, deliveries, applied }: Dependencies) {
  /** Copies that wait for the next receive, by queue. */
  const waiting = new Map<string, SqsMessage[]>();
  let ordinal = 0;

  const keep = (queue: string, copies: SqsMessage[]): void => {
    if (copies.length > 0) waiting.set(queue, [...(waiting.get(queue) ?? []), ...copies]);
  };

  /** A call that returns copies does not wait, and leaves room for a real message. */
  async function ask(request: AwsRequest, copies: SqsMessage[], forward: Forward): Promise<UpstreamAnswer> {
    if (copies.length === 0) return forward(request);
    const room = (request.MaxNumberOfMessages ?? 1) - copies.length;
    return room === 0 ? NOTHING : forward({ ...request, MaxNumberOfMessages: room, WaitTimeSeconds: 0 });
  }

  return {
    forget: () => {
      waiting.clear();
    },
    receive: async (request: AwsRequest, forward: Forward, arrives: boolean): Promise<UpstreamAnswer> => {
      const { QueueUrl: queueUrl, MaxNumberOfMessages: max = 1 } = request;
      const queue = queueOf(queueUrl);
      const copies = waiting.get(queue)?.splice(0, Math.max(1, max - 1)) ?? [];
      let answer: UpstreamAnswer | undefined;
      try {
        answer = await ask(request, copies, forward);
      } finally {
        if (answer?.status !== 200) keep(queue, copies);
      }
      if (answer.status !== 200) return answer;

      const body = JSON.parse(answer.body.toString()) as { Messages?: SqsMessage[] };
      const messages = body.Messages ?? [];
      for (const message of messages) {
        const met = faults.ofPart(RECEIVE_MESSAGE, ++ordinal, request);
        if (met.has('duplicate-delivery')) keep(queue, [message]);
        if (met.has('lose-message')) {
          await forward({ QueueUrl: queueUrl ?? '', ReceiptHandle: message.ReceiptHandle }, 'DeleteMessage');
          applied('lose-message');
        }
      }
      for (const _copy of copies) applied('duplicate-delivery');
      if (arrives) deliveries.count(queue, messages, copies);
      if (copies.length === 0) return answer;
      return { ...answer, body: Buffer.from(JSON.stringify({ ...body, Messages: [...copies, ...messages] })) };
    },
  };
}
