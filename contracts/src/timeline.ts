import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsString,
  IsUUID,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';
import { NotificationRequested, notificationSent } from './events/notification-events.js';
import { OrderCompleted, OrderCreated, OrderFailed, orderOutcome } from './events/order-events.js';
import { eventIdFor } from './identifiers.js';
import { NOTIFICATION_STATES } from './notification.js';
import { Optional } from './optional.js';
import { ORDER_STATES, ORDER_STATUSES, type OrderStatus } from './order.js';
import type { FollowedNotification, FollowedOrder } from './readable-item.js';
import { deadLetterOf, whyNotRestartable } from './restart.js';
import type { StoredItem, StoredStep } from './stored-item.js';
import { IsTextOrNull, TRACEPARENT } from './text.js';

/** What can happen to an order or a notification, in the order in which things of one moment are shown. */
const TIMELINE_STEPS = [
  /** Stored, with its outbox marker. */
  'accepted',
  /** Its message came to the queue, by the queue's own clock. */
  'sent',
  /** The sweeper published its event again, because nothing had come of it. */
  'republished',
  /** The sweeper gave it up: no worker finished it, however often it was published. */
  'undelivered',
  /** An operator's replay started it anew. */
  'replayed',
  /** A worker received its message and claimed it. */
  'received',
  /** The attempt failed; the message comes back after `delaySeconds`. */
  'retried',
  /** The warehouse confirmed that it ships nothing for it. */
  'cancelled',
  /** Its message used its attempts up and lies in the dead-letter queue. */
  'dead-lettered',
  'completed',
  'failed',
  /** The notification was handed over to be sent. */
  'notified',
] as const;
type TimelineStepName = (typeof TIMELINE_STEPS)[number];

const SUBJECTS = ['order', 'notification'] as const;

/** One step in the life of an order, or of a notification about it. */
export class TimelineStep {
  @IsIn(TIMELINE_STEPS)
  step!: TimelineStepName;

  @IsIn(SUBJECTS)
  subject!: (typeof SUBJECTS)[number];

  /** Only when the subject is a notification. */
  @Optional()
  @IsUUID()
  notificationId?: string;

  @IsISO8601()
  at!: string;

  /** Ms since the step before it in the timeline; 0 for the first. */
  @IsInt()
  @Min(0)
  sinceMs!: number;

  /** The state that the step led to. */
  @Optional()
  @IsString()
  status?: string;

  /** The subject's version that the step led to. */
  @Optional()
  @IsInt()
  @Min(1)
  version?: number;

  /** Which attempt at the message this was; of a dead letter, how many there were. */
  @Optional()
  @IsInt()
  @Min(1)
  attempt?: number;

  /** Host name of the worker. */
  @Optional()
  @IsString()
  worker?: string;

  /** SQS id of the message. */
  @Optional()
  @IsString()
  messageId?: string;

  /** Seconds after which the message comes back. */
  @Optional()
  @IsInt()
  @Min(0)
  delaySeconds?: number;

  /** Machine-readable, as OUT_OF_STOCK or RECEIVES_EXHAUSTED. */
  @Optional()
  @IsString()
  code?: string;

  /** Of an unexpected error its name and code: its text is in the worker's log. */
  @Optional()
  @IsString()
  reason?: string;

  /** The event that tells of the step, or that caused it. */
  @Optional()
  @IsUUID()
  eventId?: string;

  @IsString()
  correlationId!: string;

  /** W3C trace id. */
  @Optional()
  @Matches(/^[0-9a-f]{32}$/)
  traceId?: string;
}

/** Answer of GET /api/orders/:orderId/timeline, oldest first. */
export class Timeline {
  @IsUUID()
  orderId!: string;

  @IsIn(ORDER_STATUSES)
  status!: OrderStatus;

  /** Whether POST /api/orders/:orderId/replay would start the order again. */
  @IsBoolean()
  replayable!: boolean;

  /** SQS id of the message that the order was given up with; its dead letter starts it again, too. */
  @Optional()
  @IsString()
  deadLetter?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => TimelineStep)
  steps!: TimelineStep[];

  /**
   * Null when the steps of all notifications are here. Else GET /api/orders/:orderId/notifications goes on from it with
   * the notifications whose steps are not.
   */
  @IsTextOrNull(512)
  nextCursor!: string | null;
}

type Undated = Omit<TimelineStep, 'sinceMs'>;

/** With what tells steps of one moment apart, and when it was by the latest clock so far. */
type Placed = { step: Undated; version: number; atMs: number };

/** What the steps of one item have in common, and how its states and events are called. */
type Subject = {
  item: Pick<StoredItem, 'timeline'>;
  base: Pick<TimelineStep, 'subject' | 'notificationId' | 'correlationId' | 'traceId'>;
  statusOf: Partial<Record<string, string>>;
  eventIdOf: (step: TimelineStepName, version: number) => string | undefined;
  /** The item was made by the receive of its first message. */
  isMadeByMessage: boolean;
};

/** The step's name without the version that tells its repetitions apart. */
function nameOf(key: string): string {
  return key.replace(/_\d+$/, '');
}

function stepsOf({ item, base, statusOf, eventIdOf, isMadeByMessage }: Subject): Placed[] {
  const messages = new Set<string>();
  const entries = Object.entries(item.timeline).sort(([, a], [, b]) => (a.version ?? 1) - (b.version ?? 1));
  return entries.flatMap(([key, { sentAt, version = 1, ...entry }]: [string, StoredStep]): Placed[] => {
    const stored = nameOf(key);
    // A notification that was sent; a message that was sent is told by the receive.
    const step = (stored === 'sent' ? 'notified' : stored) as TimelineStepName;
    const status = statusOf[step];
    const eventId = eventIdOf(step, version);
    const own = {
      version,
      atMs: Date.parse(entry.at),
      step: {
        step,
        ...base,
        ...entry,
        version,
        ...(status === undefined ? {} : { status }),
        ...(eventId === undefined ? {} : { eventId }),
      },
    };
    // It led to no version: it lies between the one that it met and the next.
    if (step === 'republished') return [{ version: version + 1, atMs: own.atMs, step: { step, ...base, ...entry } }];
    const { messageId } = entry;
    if (sentAt === undefined || messageId === undefined || messages.has(messageId)) return [own];
    const isFirst = isMadeByMessage && messages.size === 0;
    messages.add(messageId);
    return [
      {
        version: isFirst ? 0 : version,
        atMs: Date.parse(sentAt),
        step: { step: 'sent', ...base, at: sentAt, messageId },
      },
      own,
    ];
  });
}

function contextOf({ correlationId, traceparent }: Pick<StoredItem, 'correlationId' | 'traceparent'>) {
  return {
    correlationId,
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceId: traceparent.slice(3, 35) } : {}),
  };
}

function orderSteps(order: FollowedOrder): Placed[] {
  const { waiting, working, done, failed } = ORDER_STATES;
  return stepsOf({
    item: order,
    base: { subject: 'order', ...contextOf(order) },
    isMadeByMessage: false,
    statusOf: { accepted: waiting, received: working, completed: done, failed },
    eventIdOf: (step, version) => {
      if (step === 'accepted') return eventIdFor(order.orderId, OrderCreated.type, 1);
      return version === order.version && (step === 'completed' || step === 'failed')
        ? orderOutcome(order)?.detail.metadata.eventId
        : undefined;
    },
  });
}

function notificationSteps(notification: FollowedNotification): Placed[] {
  const { waiting, working, done, failed } = NOTIFICATION_STATES;
  const { notificationId, causationId } = notification;
  return stepsOf({
    item: notification,
    base: { subject: 'notification', notificationId, ...contextOf(notification) },
    isMadeByMessage: causationId !== undefined,
    statusOf: { accepted: waiting, received: working, notified: done, failed },
    eventIdOf: (step) => {
      if (step === 'accepted') return causationId ?? eventIdFor(notificationId, NotificationRequested.type, 1);
      return step === 'notified' ? notificationSent(notification)?.detail.metadata.eventId : undefined;
    },
  });
}

/**
 * The versions say what came after what; the clocks of several hosts, or one that was set back, may not agree with them.
 * @param notBeforeMs when what caused the first step had happened
 */
function inOrderOfVersions(placed: readonly Placed[], notBeforeMs = 0): Placed[] {
  // A message may have been sent before the sweeper published its event again, or because of that.
  const rank = ({ step: { step } }: Placed): number => TIMELINE_STEPS.indexOf(step === 'republished' ? 'sent' : step);
  let latestMs = notBeforeMs;
  return [...placed]
    .sort((a, b) => a.version - b.version || rank(a) - rank(b) || a.atMs - b.atMs)
    .map((one) => {
      latestMs = Math.max(latestMs, one.atMs);
      return { ...one, atMs: latestMs };
    });
}

/** Time of the event that caused a notification: an outcome in any of the order's lives, or its acceptance. */
function causeMs({ causationId }: FollowedNotification, { orderId }: FollowedOrder, steps: readonly Placed[]): number {
  const cause = steps.find(
    ({ step: { step }, version }) =>
      (step === 'completed' && causationId === eventIdFor(orderId, OrderCompleted.type, version)) ||
      (step === 'failed' && causationId === eventIdFor(orderId, OrderFailed.type, version)),
  );
  return (cause ?? steps[0])?.atMs ?? 0;
}

/** The order's life with that of its notifications, as far as their items tell of it. */
export function timelineOf(
  order: FollowedOrder,
  notifications: readonly FollowedNotification[] = [],
): Omit<Timeline, 'nextCursor'> {
  const own = inOrderOfVersions(orderSteps(order));
  const told = notifications.map((one) => inOrderOfVersions(notificationSteps(one), causeMs(one, order, own)));
  let previousMs: number | undefined;
  const steps = [own, ...told]
    .flat()
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ step, atMs }) => {
      const sinceMs = atMs - (previousMs ?? atMs);
      previousMs = atMs;
      return { ...step, sinceMs };
    });
  const { orderId, status } = order;
  const replayable = whyNotRestartable(order) === undefined;
  const deadLetter = replayable ? deadLetterOf(order) : undefined;
  return { orderId, status, replayable, ...(deadLetter === undefined ? {} : { deadLetter }), steps };
}
