import { newId } from '@orderflow/domain/ids';
import { orderCreated } from '@orderflow/domain/orders/order-events';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { orderOfRequest } from './load.js';

/** A message that no order-worker can handle, and the code that its dead letter must have. */
type Malformed = { code: string; body: string };

type Envelope = {
  'detail-type': string;
  detail: { metadata: { version: number }; data: { items: unknown } };
};

/** As EventBridge delivers it. The order is not stored. */
function orderFromNowhere(): Envelope {
  const { type, source, detail } = orderCreated(aStoredOrder({ request: orderOfRequest(0), now: Date.now() }));
  return JSON.parse(JSON.stringify({ source, 'detail-type': type, detail })) as Envelope;
}

function spoilt(spoil: (event: Envelope) => void): string {
  const event = orderFromNowhere();
  spoil(event);
  return JSON.stringify(event);
}

const KINDS: (() => Malformed)[] = [
  () => ({ code: 'NOT_JSON', body: `{"an order": ${newId()}` }),
  () => ({ code: 'NOT_AN_ENVELOPE', body: JSON.stringify({ hello: newId() }) }),
  () => ({ code: 'UNKNOWN_EVENT_VERSION', body: spoilt((event) => (event.detail.metadata.version = 99)) }),
  () => ({ code: 'UNKNOWN_EVENT_TYPE', body: spoilt((event) => (event['detail-type'] = 'OrderEaten')) }),
  () => ({ code: 'INVALID_EVENT', body: spoilt((event) => (event.detail.data.items = 'three books')) }),
  () => ({ code: 'UNKNOWN_ITEM', body: JSON.stringify(orderFromNowhere()) }),
];

/** This many messages, alternating between the kinds. */
export function malformedMessages(count: number): Malformed[] {
  return Array.from({ length: count }, (_, index) => KINDS[index % KINDS.length]!());
}
