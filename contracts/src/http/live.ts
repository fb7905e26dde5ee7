import { IsBoolean, IsIn, IsISO8601, IsNumber, IsString, IsUUID } from 'class-validator';
import { IsIntFrom, IsNestedList, Optional } from '../properties.js';

/** How far an order has come; `queued` once the bus has accepted its event. */
const ORDER_STAGES = ['accepted', 'queued', 'processing', 'completed', 'failed'] as const;

export type OrderStage = (typeof ORDER_STAGES)[number];

/** An order on the live page. */
export class LiveOrder {
  @IsUUID()
  orderId!: string;

  @IsIn(ORDER_STAGES)
  stage!: OrderStage;

  @IsIntFrom(1)
  version!: number;

  @IsString()
  customerId!: string;

  @IsNumber()
  totalAmount!: number;

  @IsISO8601()
  createdAt!: string;

  @IsISO8601()
  updatedAt!: string;

  /** Attempts so far in the current life. */
  @IsIntFrom(0)
  attempts!: number;

  /** It failed because its message used up its attempts. The message goes to the dead-letter queue. */
  @IsBoolean()
  deadLettered!: boolean;

  /** Code of its failure, only when the stage is failed. */
  @Optional(IsString())
  failureCode?: string;
}

export class QueueState {
  @IsString()
  name!: string;

  @IsIn(['work', 'dead-letter', 'undelivered'])
  role!: 'work' | 'dead-letter' | 'undelivered';

  @IsIntFrom(0)
  visible!: number;

  @IsIntFrom(0)
  inFlight!: number;

  @IsIntFrom(0)
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

  @Optional(IsString())
  reason?: string;
}

/** What happened to orders in one second. */
export class FlowPoint {
  /** Start of the second. */
  @IsISO8601()
  at!: string;

  @IsIntFrom(0)
  accepted!: number;

  @IsIntFrom(0)
  completed!: number;

  @IsIntFrom(0)
  failed!: number;

  /** Ms from acceptance to outcome of the orders that ended in this second; absent if there were none. */
  @Optional(IsNumber())
  p50Ms?: number;

  @Optional(IsNumber())
  p95Ms?: number;
}

/** Answer of GET /api/system, and the `system` event of GET /api/system/events. */
export class SystemState {
  @IsISO8601()
  at!: string;

  /** Why this state is not current, as a sentence; absent when it is current. */
  @Optional(IsString())
  problem?: string;

  @IsNestedList(() => QueueState)
  queues!: QueueState[];

  /** Absent unless WORKER_URLS is set. */
  @Optional(IsNestedList(() => WorkerState))
  workers?: WorkerState[];

  /** Complete seconds, oldest first. An event has the newest one; the answer and `history` have up to 300. */
  @IsNestedList(() => FlowPoint)
  flow!: FlowPoint[];

  /** Newest first. An event has the orders that changed; the answer and `history` have all orders followed. */
  @IsNestedList(() => LiveOrder)
  orders!: LiveOrder[];
}
