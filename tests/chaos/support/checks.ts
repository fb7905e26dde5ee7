import { resourceNames } from '@orderflow/contracts';
import { ORDER_STATES, type OrderRecord } from '@orderflow/domain/orders/order';
import { timelineOf } from '@orderflow/domain/timeline/timeline';
import { percentile } from '@orderflow/platform/runtime/percentile';
import { isFinished } from '@orderflow/platform/work-item/work-item';
import { atMost, countIs, noneIs, type Check, type InvariantId } from '../trial.js';
import type { ChaosSystem } from './chaos-system.js';
import type { Evidence } from './evidence.js';
import type { Placed } from './load.js';
import { total } from './quiet.js';

const accepted = ({ placed }: Evidence) => placed.filter(({ outcome }) => outcome === 'ok');
const hasEnded = (order: OrderRecord) => isFinished({ states: ORDER_STATES }, order);

/** Every accepted order is in the table and has ended. */
export function everyOrderEnds(id: InvariantId, evidence: Evidence): Check[] {
  const stored = new Map(evidence.orders.map((order) => [order.orderId, order]));
  const orders = accepted(evidence).map(({ orderId = '' }) => stored.get(orderId));
  return [
    noneIs(id, 'accepted orders lost', orders, (order) => order === undefined),
    noneIs(id, 'accepted orders that have not ended', orders, (order) => order && !hasEnded(order)),
    noneIs(id, 'orders that did not end COMPLETED', orders, (o) => o && o.status !== 'COMPLETED'),
    {
      id,
      must: 'some orders were accepted',
      saw: `${orders.length} of ${evidence.placed.length}`,
      holds: orders.length > 0,
    },
  ];
}

/** Each outcome was applied once, caused one notification, and used one key at the warehouse. */
export function outcomesApplyOnce(id: InvariantId, evidence: Evidence, system: ChaosSystem): Check[] {
  const ended = evidence.orders.filter(hasEnded);
  const told = new Map<string, number>();
  for (const { orderId } of evidence.notifications) told.set(orderId, (told.get(orderId) ?? 0) + 1);
  const fulfilled = system.warehouse.orders();
  const asked = ended.map(({ items }) => fulfilled.get(items[0]?.productName ?? ''));
  return [
    noneIs(id, 'ended orders whose effects are not 1', ended, ({ effects }) => effects !== 1),
    noneIs(id, 'orders not requested, or under several idempotency keys', asked, (o) => o?.keys.size !== 1),
    noneIs(id, 'orders not fulfilled exactly once by the warehouse', asked, (order) => order?.effects !== 1),
    noneIs(id, 'ended orders without exactly one notification', ended, ({ orderId }) => told.get(orderId) !== 1),
    noneIs(id, 'notifications whose effects are not 1', evidence.notifications, ({ effects }) => effects !== 1),
  ];
}

/** The warehouse agrees with every outcome: COMPLETED orders are fulfilled, FAILED ones are not. */
export function outsideAgrees(
  id: InvariantId,
  { orders }: { orders: readonly OrderRecord[] },
  system: ChaosSystem,
): Check[] {
  const outside = system.warehouse.orders();
  const disagreeing = (status: OrderRecord['status'], fulfilments: number): number =>
    orders.filter((order) => {
      const inForce = outside.get(order.items[0]?.productName ?? '')?.inForce.size ?? 0;
      return order.status === status && inForce !== fulfilments;
    }).length;
  return [
    countIs(id, 'COMPLETED orders not fulfilled exactly once by the warehouse', 0, disagreeing('COMPLETED', 1)),
    countIs(id, 'FAILED orders fulfilled by the warehouse', 0, disagreeing('FAILED', 0)),
  ];
}

/** The tables contain requested orders only, and no refused ones. */
export function nothingFromNowhere(id: InvariantId, evidence: Evidence): Check[] {
  const byCorrelation = new Map<string, number>();
  for (const { correlationId } of evidence.orders) {
    byCorrelation.set(correlationId, (byCorrelation.get(correlationId) ?? 0) + 1);
  }
  const requests = new Map(evidence.placed.map((request) => [request.correlationId, request]));
  const stored = (outcome: Placed['outcome']) =>
    evidence.placed
      .filter((request) => request.outcome === outcome)
      .map(({ correlationId }) => byCorrelation.get(correlationId) ?? 0);
  const unexpected = evidence.orders.filter(({ correlationId }) => !requests.has(correlationId));
  const unknown = stored('unknown');
  return [
    countIs(id, 'orders that no client placed', 0, unexpected.length),
    noneIs(id, 'refused requests that were stored', stored('refused'), (count) => count > 0),
    {
      id,
      must: 'unknown requests stored 0 or 1 times',
      saw: `${unknown.filter((count) => count === 1).length} of ${unknown.length} stored, ${unknown.filter((count) => count > 1).length} more than once`,
      holds: unknown.every((count) => count <= 1),
    },
    countIs(id, 'findings of the audit', 0, evidence.audit.findingCount),
  ];
}

/** Nothing is left to do. */
export function nothingIsLeft(id: InvariantId, { remaining }: Evidence): Check[] {
  return [
    countIs(id, 'messages left, visible or in flight', 0, total(remaining.messages)),
    countIs(id, 'markers left', 0, total(remaining.markers)),
  ];
}

/** With fewer orders, a single badly timed kill determines the p99. */
const ENOUGH_FOR_P99 = 1_000;

/**
 * All work is done, with few deliveries per order.
 * @param poison orders that are meant to be tried often
 */
export function itEnds(
  id: InvariantId,
  evidence: Evidence,
  system: ChaosSystem,
  poison: ReadonlySet<string> = new Set(),
): Check[] {
  const { orderQueue } = resourceNames(system.stage);
  const deliveries = [...(system.network.deliveries().get(orderQueue)?.perOrder ?? [])]
    .filter(([orderId]) => !poison.has(orderId))
    .map(([, count]) => count);
  const share = deliveries.length >= ENOUGH_FOR_P99 ? 99 : 95;
  return [
    ...nothingIsLeft(id, evidence),
    atMost(id, `deliveries per order, p${share}`, 3, deliveries.length === 0 ? 0 : percentile(deliveries, share / 100)),
  ];
}

/** No process ended by itself. */
export function nothingEndsByItself(id: InvariantId, system: ChaosSystem): Check {
  const ends = system.instances().flatMap(({ name, ends }) => ends.map(({ code }) => `${name} with exit code ${code}`));
  return { id, must: 'processes that ended by themselves: 0', saw: ends.join(', ') || '0', holds: ends.length === 0 };
}

/** The steps of each order and of its notifications are in the order in which they happened. */
export function timelinesAreOrdered(id: InvariantId, { orders, notifications }: Evidence): Check[] {
  const broken = orders.filter((order) => {
    const mine = notifications.filter(({ orderId }) => orderId === order.orderId);
    const { steps } = timelineOf(order, mine);
    const versions = steps.flatMap(({ subject, version = 0 }) => (subject === 'order' && version > 0 ? [version] : []));
    const told = steps.findIndex(({ subject, step }) => subject === 'notification' && step === 'accepted');
    const ended = steps.findIndex(({ subject, step }) => subject === 'order' && step === 'completed');
    const isInOrder = versions.every((version, index) => version >= (versions[index - 1] ?? 0));
    return !isInOrder || told < ended || steps.some(({ sinceMs }) => sinceMs < 0);
  });
  return [countIs(id, 'orders whose timelines are out of order', 0, broken.length)];
}

/** Common checks of all trials with orders: each ends once, nothing else exists, no work is left. */
export function whatAlwaysHolds(id: InvariantId, evidence: Evidence, system: ChaosSystem): Check[] {
  return [
    ...everyOrderEnds(id, evidence),
    ...outcomesApplyOnce('I2', evidence, system),
    ...outsideAgrees('I2', evidence, system),
    ...nothingFromNowhere('I3', evidence),
    ...itEnds('I10', evidence, system),
  ];
}
