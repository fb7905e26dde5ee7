import { PRICES } from '../prices.js';
import type { Usage } from './aws-usage.js';

/** US dollars for a million orders. */
export type Cost = { sqs: number; eventBridge: number; dynamoDb: number; total: number };

/**
 * Prices what so many orders have used. Batches save requests to SQS; events and writes are charged one by one, batched
 * or not.
 * @param unitsPerUpdate write units of one update, which go by the size of the item
 */
export function costPerMillion(usage: Usage, orders: number, unitsPerUpdate: number): Cost {
  // EventBridge sends each accepted order to the queue, which SQS charges as a request of its own.
  const sqs = ((usage.sqsRequests + orders) / orders) * PRICES.sqsPerMillionRequests;
  const eventBridge = (usage.events / orders) * PRICES.eventBridgePerMillionEvents;
  const writes = usage.insertUnits + usage.updates * unitsPerUpdate + usage.indexWrites;
  const dynamoDb =
    (writes / orders) * PRICES.dynamoDbPerMillionWriteUnits +
    (usage.readUnits / orders) * PRICES.dynamoDbPerMillionReadUnits;
  return { sqs, eventBridge, dynamoDb, total: sqs + eventBridge + dynamoDb };
}
