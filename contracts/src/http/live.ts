import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsString,
  IsUUID,
  Min,
  ValidateNested,
} from 'class-validator';
import { Optional } from '../optional.js';

/** Where an order is on its way; `queued` once its event is known to be on the bus. */
const ORDER_STAGES = ['accepted', 'queued', 'processing', 'completed', 'failed'] as const;

export type OrderStage = (typeof ORDER_STAGES)[number];

/** An order as somebody who watches the whole system sees it. */
export class LiveOrder {
  @IsUUID()
  orderId!: string;

  @IsIn(ORDER_STAGES)
  stage!: OrderStage;

  @IsInt()
  @Min(1)
  version!: number;

  @IsString()
  customerId!: string;

  @IsNumber()
  totalAmount!: number;

  @IsISO8601()
  createdAt!: string;

  @IsISO8601()
  updatedAt!: string;

  /** Attempts at its message so far, in its present life. */
  @IsInt()
  @Min(0)
  attempts!: number;

  /** Its message used its attempts up and went to the dead-letter queue. */
  @IsBoolean()
  deadLettered!: boolean;

  /** Code of its failure, only when the stage is failed. */
  @Optional()
  @IsString()
  failureCode?: string;
}

export class QueueState {
  @IsString()
  name!: string;

  @IsIn(['work', 'dead-letter', 'undelivered'])
  role!: 'work' | 'dead-letter' | 'undelivered';

  @IsInt()
  @Min(0)
  visible!: number;

  @IsInt()
  @Min(0)
  inFlight!: number;

  @IsInt()
  @Min(0)
  delayed!: number;
}

export class WorkerState {
  @IsString()
  service!: string;

  /** Host and port of its health endpoints. */
  @IsString()
  address!: string;

  @IsIn(['ready', 'not ready', 'unreachable'])
  status!: 'ready' | 'not ready' | 'unreachable';

  @Optional()
  @IsString()
  reason?: string;
}

/** What happened to orders in one second. */
export class FlowPoint {
  /** Start of the second. */
  @IsISO8601()
  at!: string;

  @IsInt()
  @Min(0)
  accepted!: number;

  @IsInt()
  @Min(0)
  completed!: number;

  @IsInt()
  @Min(0)
  failed!: number;

  /** Ms from accept to outcome over the orders that ended in this second; absent when none did. */
  @Optional()
  @IsNumber()
  p50Ms?: number;

  @Optional()
  @IsNumber()
  p95Ms?: number;
}

/** Answer of GET /api/system, and the `system` event of GET /api/system/events. */
export class SystemState {
  @IsISO8601()
  at!: string;

  /** What keeps this picture from being current, in a sentence for people; absent when nothing does. */
  @Optional()
  @IsString()
  problem?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => QueueState)
  queues!: QueueState[];

  /** Absent where the API is not told of the workers (WORKER_URLS). */
  @Optional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => WorkerState)
  workers?: WorkerState[];

  /** The last complete seconds, oldest first: the newest one in events, up to 300 in the answer and in `history`. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => FlowPoint)
  flow!: FlowPoint[];

  /** Newest first: in the answer and in `history` those that are watched, in events those that have changed. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => LiveOrder)
  orders!: LiveOrder[];
}
