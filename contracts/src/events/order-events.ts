import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsInt,
  IsISO8601,
  IsObject,
  Min,
  ValidateNested,
} from 'class-validator';
import { Failure, storedFailure } from '../failure.js';
import { eventIdFor } from '../identifiers.js';
import { IsMoney } from '../money.js';
import { MAX_ITEMS, MAX_TOTAL_AMOUNT, ORDER_STATES, OrderItem, toPlainItem, type OrderRecord } from '../order.js';
import { IsId } from '../spelling.js';
import { IsReference } from '../text.js';
import { contextOf, EventMetadata, outcomeContextOf, type PublishableEvent } from './envelope.js';

export class OrderCreatedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  // An empty array in place of an object would pass as nested.
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => OrderItem)
  items!: OrderItem[];

  @IsMoney(MAX_TOTAL_AMOUNT)
  totalAmount!: number;

  @IsISO8601()
  createdAt!: string;
}

/** An order was accepted and waits for its worker. */
export class OrderCreated {
  static readonly type = 'OrderCreated';
  static readonly version = 1;
  static readonly source = 'orderflow.api-gateway';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => OrderCreatedData)
  data!: OrderCreatedData;
}

export class OrderCompletedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsMoney(MAX_TOTAL_AMOUNT)
  totalAmount!: number;

  /** The version that the outcome gave the order. */
  @IsInt()
  @Min(2)
  orderVersion!: number;

  @IsISO8601()
  completedAt!: string;
}

/** An order was fulfilled. */
export class OrderCompleted {
  static readonly type = 'OrderCompleted';
  static readonly version = 1;
  static readonly source = 'orderflow.order-worker';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => OrderCompletedData)
  data!: OrderCompletedData;
}

export class OrderFailedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsDefined()
  // An empty array in place of an object would pass as nested.
  @IsObject()
  @ValidateNested()
  @Type(() => Failure)
  failure!: Failure;

  /** The version that the outcome gave the order. */
  @IsInt()
  @Min(2)
  orderVersion!: number;

  @IsISO8601()
  failedAt!: string;
}

/** An order ended without being fulfilled. */
export class OrderFailed {
  static readonly type = 'OrderFailed';
  static readonly version = 1;
  static readonly source = 'orderflow.order-worker';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => OrderFailedData)
  data!: OrderFailedData;
}

/** What an outcome's event is made of. */
export type OrderOutcomeFields = Pick<
  OrderRecord,
  | 'orderId'
  | 'customerId'
  | 'totalAmount'
  | 'status'
  | 'version'
  | 'updatedAt'
  | 'failure'
  | 'correlationId'
  | 'traceparent'
  | 'outcomeTraceparent'
>;

/**
 * Built from what the insert wrote and nothing later, so it is the same event, byte for byte, however far the order has
 * come. DynamoDB returns the keys of a map in any order: objects that were read back are put together anew.
 */
export function orderCreated(order: OrderRecord): PublishableEvent<OrderCreated> {
  const { orderId, customerId, items, totalAmount, createdAt } = order;
  const metadata: EventMetadata = {
    eventId: eventIdFor(orderId, OrderCreated.type, 1),
    version: OrderCreated.version,
    occurredAt: createdAt,
    ...contextOf(order),
  };
  return {
    source: OrderCreated.source,
    type: OrderCreated.type,
    detail: { metadata, data: { orderId, customerId, items: items.map(toPlainItem), totalAmount, createdAt } },
  };
}

/** The event of a terminal order's present life; undefined while there is no outcome. */
export function orderOutcome(order: OrderOutcomeFields): PublishableEvent<OrderCompleted | OrderFailed> | undefined {
  const { orderId, customerId, totalAmount, updatedAt, version } = order;
  const metadataOf = (event: { type: string; version: number }): EventMetadata => ({
    eventId: eventIdFor(orderId, event.type, version),
    version: event.version,
    occurredAt: updatedAt,
    ...outcomeContextOf(order),
    causationId: eventIdFor(orderId, OrderCreated.type, 1),
  });
  if (order.status === ORDER_STATES.done) {
    const data = { orderId, customerId, totalAmount, orderVersion: version, completedAt: updatedAt };
    return {
      source: OrderCompleted.source,
      type: OrderCompleted.type,
      detail: { metadata: metadataOf(OrderCompleted), data },
    };
  }
  if (order.status === ORDER_STATES.failed && order.failure) {
    const data = {
      orderId,
      customerId,
      failure: storedFailure(order.failure),
      orderVersion: version,
      failedAt: updatedAt,
    };
    return { source: OrderFailed.source, type: OrderFailed.type, detail: { metadata: metadataOf(OrderFailed), data } };
  }
  return undefined;
}
