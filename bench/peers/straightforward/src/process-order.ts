import { setTimeout } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { UpdateCommand, type DynamoDBDocumentClient, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { OrderCompletedEvent, type OrderCreatedEvent, type ResourceNames } from '@orderflow/contracts';
import { eventIdFor } from '@orderflow/domain/ids';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import { publish } from './publish.js';

type Dependencies = {
  dynamo: DynamoDBDocumentClient;
  eventBridge: EventBridgeClient;
  names: ResourceNames;
  fulfilmentDelayMs: number;
};

/** The requested attributes; undefined if the condition failed. */
async function update(dynamo: DynamoDBDocumentClient, input: UpdateCommandInput) {
  try {
    const { Attributes: attributes = {} } = await dynamo.send(new UpdateCommand(input));
    return attributes;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/**
 * Moves an order from PENDING through PROCESSING to COMPLETED. An order left in PROCESSING is processed again. A COMPLETED
 * order, or the second of two concurrent deliveries, is a duplicate.
 */
export function createProcessOrder({ dynamo, eventBridge, names, fulfilmentDelayMs }: Dependencies) {
  return async ({ metadata, data }: OrderCreatedEvent): Promise<'processed' | 'duplicate'> => {
    const { orderId, customerId, totalAmount } = data;
    const started = await update(dynamo, {
      TableName: names.ordersTable,
      Key: { orderId },
      UpdateExpression: 'SET #status = :processing, updatedAt = :now ADD version :one',
      ConditionExpression: '#status IN (:pending, :processing)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':pending': ORDER_STATES.pending,
        ':processing': ORDER_STATES.processing,
        ':now': new Date().toISOString(),
        ':one': 1,
      },
    });
    if (!started) return 'duplicate';

    if (fulfilmentDelayMs > 0) await setTimeout(fulfilmentDelayMs);

    const completedAt = new Date().toISOString();
    const completed = await update(dynamo, {
      TableName: names.ordersTable,
      Key: { orderId },
      UpdateExpression: 'SET #status = :completed, updatedAt = :now ADD version :one, effects :one',
      ConditionExpression: '#status = :processing',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':processing': ORDER_STATES.processing,
        ':completed': ORDER_STATES.completed,
        ':now': completedAt,
        ':one': 1,
      },
      ReturnValues: 'UPDATED_NEW',
    });
    if (!completed) return 'duplicate';

    const orderVersion = Number(completed.version);
    await publish(eventBridge, names.bus, {
      source: OrderCompletedEvent.source,
      type: OrderCompletedEvent.type,
      detail: {
        metadata: {
          eventId: eventIdFor(orderId, OrderCompletedEvent.type, orderVersion),
          version: OrderCompletedEvent.version,
          occurredAt: completedAt,
          correlationId: metadata.correlationId,
          causationId: metadata.eventId,
        },
        data: { orderId, customerId, totalAmount, orderVersion, completedAt },
      },
    });
    return 'processed';
  };
}
