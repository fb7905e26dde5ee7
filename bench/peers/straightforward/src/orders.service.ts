import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { PutCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Injectable } from '@nestjs/common';
import { OrderCreatedEvent, type CreateOrderRequest, type ResourceNames } from '@orderflow/contracts';
import { eventIdFor, newId } from '@orderflow/domain/ids';
import { ORDER_STATES } from '@orderflow/domain/orders/order';
import { publish } from './publish.js';

@Injectable()
export class OrdersService {
  constructor(
    private readonly dynamo: DynamoDBDocumentClient,
    private readonly eventBridge: EventBridgeClient,
    private readonly names: ResourceNames,
  ) {}

  /** Stores the order, then publishes the event. A crash between the two loses the order. */
  async create({ customerId, items, totalAmount }: CreateOrderRequest, correlationId: string) {
    const orderId = newId();
    const createdAt = new Date().toISOString();
    const order = {
      orderId,
      status: ORDER_STATES.pending,
      version: 1,
      effects: 0,
      customerId,
      // DynamoDB's marshaller rejects class instances.
      items: items.map((item) => Object.assign({}, item)),
      totalAmount,
      createdAt,
      updatedAt: createdAt,
    };
    await this.dynamo.send(
      new PutCommand({
        TableName: this.names.ordersTable,
        Item: order,
        ConditionExpression: 'attribute_not_exists(orderId)',
      }),
    );
    await publish(this.eventBridge, this.names.bus, {
      source: OrderCreatedEvent.source,
      type: OrderCreatedEvent.type,
      detail: {
        metadata: {
          eventId: eventIdFor(orderId, OrderCreatedEvent.type, order.version),
          version: OrderCreatedEvent.version,
          occurredAt: createdAt,
          correlationId,
        },
        data: { orderId, customerId, items: order.items, totalAmount, createdAt },
      },
    });
    return order;
  }
}
