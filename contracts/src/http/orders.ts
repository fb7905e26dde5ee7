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
import { Failure } from '../failure.js';
import { IsMoney, MatchesItemTotal, MAX_UNIT_PRICE } from '../money.js';
import { applyAll, IsIntFrom, IsNestedList, Optional } from '../properties.js';
import { IsLimit } from '../spelling.js';
import { IsReference, IsText, IsTextOrNull } from '../text.js';

export const ORDER_STATUSES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

const MAX_ITEMS = 100;

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

/** The items of an order. class-validator accepts an empty array as a nested object, hence `IsObject`. */
export function IsOrderItems(): PropertyDecorator {
  const each = { each: true };
  const isEachValid = [IsObject(each), ValidateNested(each), Type(() => OrderItem)];
  return applyAll(IsArray(), ArrayMinSize(1), ArrayMaxSize(MAX_ITEMS), ...isEachValid);
}

/** Body of POST /api/orders. */
export class CreateOrderRequest {
  @IsReference()
  customerId!: string;

  @IsOrderItems()
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

  /** Rises with every change. The ETag is derived from it. */
  @IsIntFrom(1)
  version!: number;

  @IsReference()
  customerId!: string;

  @IsNestedList(() => OrderItem)
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
  @Optional(ValidateNested(), Type(() => Failure))
  failure?: Failure;
}

/** Answer of GET /api/orders. */
export class OrderPage {
  @IsNestedList(() => Order)
  items!: Order[];

  /** Pass it as `cursor` to get the next page; null on the last page. */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}

const MAX_PAGE_SIZE = 100;

export const DEFAULT_PAGE_SIZE = 20;

/** Query of GET /api/orders. */
export class ListOrdersQuery {
  @Optional(IsLimit(MAX_PAGE_SIZE))
  limit?: number;

  @Optional(IsText(512))
  cursor?: string;

  @Optional(IsReference())
  customerId?: string;
}
