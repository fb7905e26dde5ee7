import type { DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { select } from '../dead-letters/select.js';
import { walkLetters } from '../dead-letters/walk-letters.js';
import type { ConnectedSystem } from '../connect.js';
import type { Terminal } from '../terminal.js';

export type CustomerLetters = Awaited<ReturnType<typeof findCustomerLetters>>;

/**
 * Finds the dead letters that hold a customer's data: those about the customer's orders, and those whose body contains
 * the customer id as a JSON string, even if the body is not valid JSON.
 */
export async function findCustomerLetters(
  system: ConnectedSystem,
  terminal: Terminal,
  customerId: string,
  orderIds: ReadonlySet<string>,
) {
  const ofOrders = new Map<string, Set<string>>();
  const others = new Set<string>();
  const isAbout = (orderId: string | undefined): orderId is string => orderId !== undefined && orderIds.has(orderId);
  const matches = ({ event, body }: DeadLetter): boolean =>
    isAbout(event.orderId) || body.includes(JSON.stringify(customerId));
  const { queues } = select({}, terminal.now());
  await walkLetters(system, terminal, { queues, matches }, (letters) => {
    for (const { event, originalMessageId } of letters) {
      if (!isAbout(event.orderId)) others.add(originalMessageId);
      else ofOrders.set(event.orderId, (ofOrders.get(event.orderId) ?? new Set()).add(originalMessageId));
    }
    return {};
  });
  return {
    /** How many letters are about this order. Copies count once. */
    countFor: (orderId: string): number => ofOrders.get(orderId)?.size ?? 0,
    /** The original message ids of letters that contain the customer id but are about none of the customer's orders. */
    others: [...others],
  };
}
