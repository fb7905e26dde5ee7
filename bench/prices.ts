/** On-demand prices in US dollars, without free tiers and reserved capacity. */
export const PRICES = {
  region: 'us-east-1',
  asOf: '2026-01',
  /** https://aws.amazon.com/sqs/pricing/ — standard queues; each 64 KB of a payload counts as a request. */
  sqsPerMillionRequests: 0.4,
  /** https://aws.amazon.com/eventbridge/pricing/ — custom events; each 64 KB of an event counts as one. Delivery is free. */
  eventBridgePerMillionEvents: 1,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ — standard tables; a unit is 1 KB of an item. */
  dynamoDbPerMillionWriteUnits: 0.625,
  /** The same page; a unit is 4 KB of an item, read consistently. */
  dynamoDbPerMillionReadUnits: 0.125,
} as const;
