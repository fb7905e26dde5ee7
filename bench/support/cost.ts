import { PRICES } from '../prices.js';
import type { Usage } from './aws-usage.js';

/** US dollars for a million orders. */
export type Cost = { sqs: number; eventBridge: number; dynamoDb: number; total: number };

/**
 * Batches save SQS requests. Events and writes are charged one by one.
 * @param unitsPerUpdate write units of one update, which depend on the size of the item
 */
export function costPerMillion(usage: Usage, orders: number, unitsPerUpdate: number): Cost {
  // SQS also charges a request for each event that EventBridge sends to the queue.
  const sqs = ((usage.sqsRequests + orders) / orders) * PRICES.sqsPerMillionRequests;
  const eventBridge = (usage.events / orders) * PRICES.eventBridgePerMillionEvents;
  const writes = usage.insertUnits + usage.updates * unitsPerUpdate + usage.indexWrites;
  const dynamoDb =
    (writes / orders) * PRICES.dynamoDbPerMillionWriteUnits +
    (usage.readUnits / orders) * PRICES.dynamoDbPerMillionReadUnits;
  return { sqs, eventBridge, dynamoDb, total: sqs + eventBridge + dynamoDb };
}
