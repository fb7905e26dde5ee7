import { storedFailure } from '../failure.js';
import { toPlainItem, type OrderRecord } from './order.js';

const PREFIX = 'erased-';

/**
 * The replacement for a customer id. Each order gets a separate one, so that nobody can link one person's orders.
 * @param random must not contain the time
 */
export const pseudonymOf = (random: string): string => `${PREFIX}${random}`;

export const isPseudonym = (customerId: string): boolean => customerId.startsWith(PREFIX);

/**
 * The changes that remove the personal data of a finished order, except the customer id: it identifies the order until
 * its notifications are deleted. The data that accounting needs stays: ids, quantities, prices, states and times. The
 * hashes are removed, because a guess of the customer id could be checked against them.
 * @param erasedOn a day: a time would show which orders were erased together
 */
export function erasureOf({ items, failure }: OrderRecord, erasedOn: string) {
  return {
    set: {
      erasedOn,
      // Names are free text and can be personal data, such as an engraving.
      items: items.map((item) => Object.assign(toPlainItem(item), { productName: item.productId })),
      // A client may have chosen it. It also links to logs and traces.
      correlationId: 'erased',
      requestHash: '',
      failure:
        failure &&
        Object.assign(storedFailure(failure), { message: 'Its personal data was erased.', retriable: false }),
    },
    remove: ['contentHash', 'insertToken', 'traceparent', 'outcomeTraceparent'],
  };
}
