import { Type } from 'class-transformer';
import { IsDefined, IsISO8601, IsObject, ValidateNested } from 'class-validator';
import { Failure } from '../failure.js';
import { IsOrderItems, MAX_TOTAL_AMOUNT, type OrderItem } from '../http/orders.js';
import { IsMoney } from '../money.js';
import { IsIntFrom, IsNested } from '../properties.js';
import { IsId } from '../spelling.js';
import { IsReference } from '../text.js';
import { EventMetadata } from './envelope.js';

export class OrderCreatedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsOrderItems()
  items!: OrderItem[];

  @IsMoney(MAX_TOTAL_AMOUNT)
  totalAmount!: number;

  @IsISO8601()
  createdAt!: string;
}

/** An order was accepted and waits for its worker. */
export class OrderCreatedEvent {
  static readonly type = 'OrderCreated';
  static readonly version = 1;
  static readonly source = 'orderflow.api-gateway';

  @IsNested(() => EventMetadata)
  metadata!: EventMetadata;

  @IsNested(() => OrderCreatedData)
  data!: OrderCreatedData;
}

export class OrderCompletedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsMoney(MAX_TOTAL_AMOUNT)
  totalAmount!: number;

  /** The order's version once the outcome is written. */
  @IsIntFrom(2)
  orderVersion!: number;

  @IsISO8601()
  completedAt!: string;
}

/** An order was fulfilled. */
export class OrderCompletedEvent {
  static readonly type = 'OrderCompleted';
  static readonly version = 1;
  static readonly source = 'orderflow.order-worker';

  @IsNested(() => EventMetadata)
  metadata!: EventMetadata;

  @IsNested(() => OrderCompletedData)
  data!: OrderCompletedData;
}

export class OrderFailedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsDefined()
  // class-validator accepts an empty array as a nested object.
  @IsObject()
  @ValidateNested()
  @Type(() => Failure)
  failure!: Failure;

  /** The order's version once the outcome is written. */
  @IsIntFrom(2)
  orderVersion!: number;

  @IsISO8601()
  failedAt!: string;
}

/** An order ended without being fulfilled. */
export class OrderFailedEvent {
  static readonly type = 'OrderFailed';
  static readonly version = 1;
  static readonly source = 'orderflow.order-worker';

  @IsNested(() => EventMetadata)
  metadata!: EventMetadata;

  @IsNested(() => OrderFailedData)
  data!: OrderFailedData;
}
