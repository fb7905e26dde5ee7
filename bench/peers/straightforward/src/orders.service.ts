import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { PutCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Injectable } from '@nestjs/common';
import {
  eventIdFor,
  newId,
  ORDER_STATES,
  OrderCreated,
  type CreateOrderRequest,
  type ResourceNames,
} from '@orderflow/contracts';
import { publish } from './publish.js';

@Injectable()
export class OrdersService {
  constructor(
    private readonly dynamo: DynamoDBDocumentClient,
    private readonly eventBridge: EventBridgeClient,
    private readonly names: ResourceNames,
  ) {}

  /** Stores the order, then publishes it: a process that dies between the two has lost it. */
  async create({ customerId, items, totalAmount }: CreateOrderRequest, correlationId: string) {
    const orderId = newId();
    const createdAt = new Date().toISOString();
    const order = {
      orderId,
      status: ORDER_STATES.waiting,
      version: 1,
      effects: 0,
      customerId,
      // Plain objects: DynamoDB's marshaller takes no class instances.
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
      source: OrderCreated.source,
      type: OrderCreated.type,
      detail: {
        metadata: {
          eventId: eventIdFor(orderId, OrderCreated.type, order.version),
          version: OrderCreated.version,
          occurredAt: createdAt,
          correlationId,
        },
        data: { orderId, customerId, items: order.items, totalAmount, createdAt },
      },
    });
    return order;
  }
}
