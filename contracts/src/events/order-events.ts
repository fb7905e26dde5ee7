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
import { Failure } from '../failure.js';
import { MAX_ITEMS, MAX_TOTAL_AMOUNT, OrderItem } from '../http/orders.js';
import { IsMoney } from '../money.js';
import { IsId } from '../spelling.js';
import { IsReference } from '../text.js';
import { EventMetadata } from './envelope.js';

export class OrderCreatedData {
  @IsId()
  orderId!: string;

  @IsReference()
  customerId!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  // class-validator accepts an empty array as a nested object.
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
export class OrderCreatedEvent {
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

  /** The order's version once the outcome is written. */
  @IsInt()
  @Min(2)
  orderVersion!: number;

  @IsISO8601()
  completedAt!: string;
}

/** An order was fulfilled. */
export class OrderCompletedEvent {
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
  // class-validator accepts an empty array as a nested object.
  @IsObject()
  @ValidateNested()
  @Type(() => Failure)
  failure!: Failure;

  /** The order's version once the outcome is written. */
  @IsInt()
  @Min(2)
  orderVersion!: number;

  @IsISO8601()
  failedAt!: string;
}

/** An order ended without being fulfilled. */
export class OrderFailedEvent {
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
