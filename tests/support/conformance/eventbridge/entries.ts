import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { Target } from '../conformance-case.js';

/** Changes to an entry. */
export type Sent = Partial<PutEventsRequestEntry>;

/** An event that the rule order-created matches. */
export function eventEntry({ names }: Target, marker: string, change: Sent = {}): PutEventsRequestEntry {
  return {
    EventBusName: names.bus,
    Source: 'orderflow.api-gateway',
    DetailType: 'OrderCreated',
    Detail: JSON.stringify({ marker }),
    ...change,
  };
}

export const put = ({ eventBridge }: Target, Entries: PutEventsRequestEntry[]) =>
  eventBridge.send(new PutEventsCommand({ Entries }));
