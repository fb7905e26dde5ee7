import { toPlainItem, type OrderRecord } from './order.js';

const PREFIX = 'erased-';

/**
 * What takes the place of a customer id. Each order gets its own, so that nobody can tell which orders were one person's.
 * @param random must not contain the time
 */
export const pseudonymOf = (random: string): string => `${PREFIX}${random}`;

export const isPseudonym = (customerId: string): boolean => customerId.startsWith(PREFIX);

/**
 * How to take the personal data out of a finished order, except the customer id, by which the order is found until its
 * notifications are deleted. What bookkeeping needs stays: ids, quantities, prices, states and times. The hashes go too,
 * because a guess of the customer id could be tested against them.
 * @param erasedOn a day: a time would tell which orders were erased together
 */
export function erasureOf({ items, failure }: OrderRecord, erasedOn: string) {
  return {
    set: {
      erasedOn,
      // Names are free text, which may be personal, such as an engraving.
      items: items.map((item) => ({ ...toPlainItem(item), productName: item.productId })),
      // A client may have chosen it. It also leads to logs and traces.
      correlationId: 'erased',
      requestHash: '',
      failure: failure && { ...failure, message: 'Its personal data was erased.', retriable: false },
    },
    remove: ['contentHash', 'insertToken', 'traceparent', 'outcomeTraceparent'],
  };
}
