import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsUUID,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { Failure, storedFailure } from './failure.js';
import { IsMoney, MatchesItemTotal, MAX_UNIT_PRICE } from './money.js';
import { Optional } from './optional.js';
import { FromDigits } from './spelling.js';
import { createdAtIdOf, listBucketOf, outboxShardOf, type StoredItem } from './stored-item.js';
import { IsReference, IsText, IsTextOrNull } from './text.js';

/** The words that the shared state machine uses for an order's states. */
export const ORDER_STATES = {
  waiting: 'PENDING',
  working: 'PROCESSING',
  done: 'COMPLETED',
  failed: 'FAILED',
} as const;
export const ORDER_STATUSES = Object.values(ORDER_STATES);
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const MAX_ITEMS = 100;
const MAX_QUANTITY = 10_000;
export const MAX_TOTAL_AMOUNT = MAX_ITEMS * MAX_QUANTITY * MAX_UNIT_PRICE;

export class OrderItem {
  @IsReference()
  productId!: string;

  @IsText(200)
  productName!: string;

  @IsInt()
  @Min(1)
  @Max(MAX_QUANTITY)
  quantity!: number;

  @IsMoney(MAX_UNIT_PRICE)
  unitPrice!: number;
}

/** Body of POST /api/orders. */
export class CreateOrderRequest {
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
  @MatchesItemTotal()
  totalAmount!: number;
}

/** An order as the API shows it. */
export class Order {
  @IsUUID()
  orderId!: string;

  @IsIn(ORDER_STATUSES)
  status!: OrderStatus;

  /** Rises with every change; the ETag is made of it. */
  @IsInt()
  @Min(1)
  version!: number;

  @IsReference()
  customerId!: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => OrderItem)
  items!: OrderItem[];

  @IsMoney(MAX_TOTAL_AMOUNT)
  totalAmount!: number;

  @IsISO8601()
  createdAt!: string;

  @IsISO8601()
  updatedAt!: string;

  @IsText(128)
  correlationId!: string;

  /** Only when FAILED. */
  @Optional()
  @ValidateNested()
  @Type(() => Failure)
  failure?: Failure;
}

/** Answer of GET /api/orders. */
export class OrderPage {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Order)
  items!: Order[];

  /** Give it back as `cursor` for the next page; null on the last one. */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}

const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;

/** Query of GET /api/orders. */
export class ListOrdersQuery {
  @Optional()
  @FromDigits()
  @IsInt({ message: 'limit must be a whole number in digits, such as 20' })
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit?: number;

  @Optional()
  @IsText(512)
  cursor?: string;

  @Optional()
  @IsReference()
  customerId?: string;
}

/** An order as it stands in the table. */
export type OrderRecord = StoredItem & {
  orderId: string;
  status: OrderStatus;
  customerId: string;
  items: OrderItem[];
  totalAmount: number;
  listBucket: string;
};

type NewOrder = {
  orderId: string;
  request: CreateOrderRequest;
  requestHash: string;
  correlationId: string;
  traceparent?: string;
  now: number;
  /** Epoch ms at which the marker becomes due. */
  outboxAt: number;
};

/** A plain object: DynamoDB's marshaller takes no class instances. */
export function toPlainItem({ productId, productName, quantity, unitPrice }: OrderItem): OrderItem {
  return { productId, productName, quantity, unitPrice };
}

/** The item that the insert of a new order writes: PENDING, unclaimed, with its outbox marker. */
export function newOrderRecord({ orderId, request, now, outboxAt, ...context }: NewOrder): OrderRecord {
  const createdAt = new Date(now).toISOString();
  return {
    orderId,
    status: ORDER_STATES.waiting,
    version: 1,
    effects: 0,
    customerId: request.customerId,
    items: request.items.map(toPlainItem),
    totalAmount: request.totalAmount,
    createdAt,
    updatedAt: createdAt,
    holder: '',
    claimToken: '',
    leaseUntil: 0,
    lastReplayId: '',
    timeline: { accepted: { at: createdAt, version: 1 } },
    createdAtId: createdAtIdOf(createdAt, orderId),
    listBucket: listBucketOf(createdAt, orderId),
    outboxShard: outboxShardOf(orderId),
    outboxAt,
    outboxAttempts: 0,
    ...context,
  };
}

/** What of a stored order its readers see. */
export function toOrder(record: OrderRecord): Order {
  const { orderId, status, version, customerId, items, totalAmount, createdAt, updatedAt, correlationId } = record;
  return {
    orderId,
    status,
    version,
    customerId,
    items: items.map(toPlainItem),
    totalAmount,
    createdAt,
    updatedAt,
    correlationId,
    ...(record.failure && status === ORDER_STATES.failed ? { failure: storedFailure(record.failure) } : {}),
  };
}

/** A stored order as it was when it was accepted, whatever has happened to it since. */
export function toAcceptedOrder(record: OrderRecord): Order {
  return toOrder({ ...record, status: ORDER_STATES.waiting, version: 1, updatedAt: record.createdAt });
}
