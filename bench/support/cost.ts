import { PRICES } from '../prices.js';
import type { Usage } from './aws-usage.js';

/** US dollars for a million orders. */
export type Cost = { sqs: number; eventBridge: number; dynamoDb: number; total: number };

/**
 * Prices the usage of a number of orders. Batches save SQS requests, but events and writes are charged one by one.
 * @param unitsPerUpdate write units of one update, by item size
 */
export function costPerMillion(usage: Usage, orders: number, unitsPerUpdate: number): Cost {
  // SQS charges a request for each event that EventBridge delivers.
  const sqs = ((usage.sqsRequests + orders) / orders) * PRICES.sqsPerMillionRequests;
  const eventBridge = (usage.events / orders) * PRICES.eventBridgePerMillionEvents;
  const writes = usage.insertUnits + usage.updates * unitsPerUpdate + usage.indexWrites;
  const dynamoDb =
    (writes / orders) * PRICES.dynamoDbPerMillionWriteUnits +
    (usage.readUnits / orders) * PRICES.dynamoDbPerMillionReadUnits;
  return { sqs, eventBridge, dynamoDb, total: sqs + eventBridge + dynamoDb };
}
