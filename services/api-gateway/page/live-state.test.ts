import { describe, expect, it } from '@jest/globals';
import type { FlowPoint, LiveOrder, Order, SystemState } from '@orderflow/contracts';
import {
  emptyState,
  isUnderWay,
  MAX_ORDERS,
  MAX_POINTS,
  toLiveOrder,
  withEvent,
  withHistory,
  withOrders,
  withPlaced,
} from './live-state.js';

const START = Date.UTC(2027, 2, 14);
const iso = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

const order = (number: number, change: Partial<LiveOrder> = {}): LiveOrder => ({
  orderId: `order-${number}`,
  stage: 'accepted',
  version: 1,
  customerId: 'customer-1',
  totalAmount: 12.5,
  createdAt: iso(number),
  updatedAt: iso(number),
  attempts: 0,
  deadLettered: false,
  ...change,
});
const point = (second: number): FlowPoint => ({ at: iso(second), accepted: second, completed: 0, failed: 0 });
const event = (change: Partial<SystemState> = {}): SystemState => ({
  at: iso(0),
  queues: [],
  flow: [],
  orders: [],
  ...change,
});
const idsOf = ({ orders }: { orders: LiveOrder[] }) => orders.map(({ orderId }) => orderId);

describe('the known state', () => {
  it('is empty before the API has sent anything, or while it cannot read the system', () => {
    expect(emptyState().isKnown).toBe(false);
    expect(withHistory(event({ problem: 'the database cannot be reached' })).isKnown).toBe(false);
  });

  it('is complete once the API has sent it, and stays so while parts cannot be read', () => {
    const told = withHistory(event());
    expect(told.isKnown).toBe(true);
    expect(withEvent(told, event({ problem: 'the database cannot be reached' })).isKnown).toBe(true);
    expect(withEvent(withHistory(event({ problem: 'away' })), event()).isKnown).toBe(true);
  });

  it('is not changed by an order from this page', () => {
    const placed = Object.assign(order(3), { status: 'PENDING' as const, items: [], correlationId: 'c' });
    expect(withPlaced(emptyState(), placed)).toMatchObject({ isKnown: false, orders: [{ orderId: 'order-3' }] });
  });
});

describe('the orders', () => {
  it('are the newest first, in whatever order they arrive', () => {
    const state = withEvent(
      withHistory(event({ orders: [order(2), order(1)] })),
      event({ orders: [order(4), order(3)] }),
    );
    expect(idsOf(state)).toEqual(['order-4', 'order-3', 'order-2', 'order-1']);
  });

  it('change in place', () => {
    const before = withHistory(event({ orders: [order(2), order(1)] }));
    const state = withEvent(before, event({ orders: [order(1, { stage: 'completed', version: 3 })] }));
    expect(state.orders.map(({ stage }) => stage)).toEqual(['accepted', 'completed']);
  });

  it('never go back to an older version', () => {
    const before = withHistory(event({ orders: [order(1, { stage: 'completed', version: 3 })] }));
    const state = withEvent(before, event({ orders: [order(1, { stage: 'processing', version: 2 })] }));
    expect(state.orders[0]?.stage).toBe('completed');
  });

  it('apply a change of stage without a new version', () => {
    const before = withHistory(event({ orders: [order(1)] }));
    expect(withEvent(before, event({ orders: [order(1, { stage: 'queued' })] })).orders[0]?.stage).toBe('queued');
  });

  it('include an order from this page at once, and keep what is known about it', () => {
    const placed = Object.assign(order(3), { status: 'PENDING' as const, items: [], correlationId: 'c' });
    const state = withPlaced(withHistory(event({ orders: [order(1)] })), placed);
    expect(state.orders).toEqual([order(3), order(1)]);
    const known = withHistory(event({ orders: [order(3, { stage: 'queued' })] }));
    expect(withPlaced(known, placed)).toEqual(known);
  });

  it('are bounded; the oldest are dropped', () => {
    let state = emptyState();
    for (let number = 0; number < 2 * MAX_ORDERS; number++)
      state = withEvent(state, event({ orders: [order(number)] }));
    expect(state.orders).toHaveLength(MAX_ORDERS);
    expect(state.orders[0]?.orderId).toBe(`order-${2 * MAX_ORDERS - 1}`);
  });
});

describe("a customer's own orders", () => {
  const own = (number: number, status: Order['status']): Order => {
    const { stage: _stage, attempts: _attempts, deadLettered: _dead, ...known } = order(number);
    return { ...known, status, items: [], correlationId: 'c-1' };
  };

  it.each([
    ['PENDING', 'accepted'],
    ['PROCESSING', 'processing'],
    ['COMPLETED', 'completed'],
    ['FAILED', 'failed'],
  ] as const)('that are %s are in the stage %s, without what only operators see', (status, stage) => {
    expect(toLiveOrder(own(1, status))).toEqual(order(1, { stage }));
  });

  it('are known once they are read, and an order that the list lacks yet stays', () => {
    const state = withOrders(withPlaced(emptyState(), own(2, 'PENDING')), [order(1)]);
    expect({ isKnown: state.isKnown, ids: idsOf(state) }).toEqual({ isKnown: true, ids: ['order-2', 'order-1'] });
  });

  it('are under way until they have ended', () => {
    const stages = ['accepted', 'queued', 'processing', 'completed', 'failed'] as const;
    expect(stages.filter((stage) => isUnderWay({ stage }))).toEqual(['accepted', 'queued', 'processing']);
  });
});

describe('the seconds', () => {
  it('appear once each, oldest first', () => {
    const state = withEvent(withHistory(event({ flow: [point(1), point(2)] })), event({ flow: [point(2), point(3)] }));
    expect(state.flow.map(({ accepted }) => accepted)).toEqual([1, 2, 3]);
  });

  it('continue from now after the clock was set back', () => {
    const known = withHistory(event({ flow: [point(1), point(2), point(50), point(51)] }));
    const state = withEvent(known, event({ flow: [point(2), point(3)] }));
    expect(state.flow.map(({ accepted }) => accepted)).toEqual([1, 2, 3]);
  });

  it('are bounded', () => {
    let state = emptyState();
    for (let second = 0; second < MAX_POINTS + 50; second++) state = withEvent(state, event({ flow: [point(second)] }));
    expect(state.flow).toHaveLength(MAX_POINTS);
    expect(state.flow[0]?.accepted).toBe(50);
  });
});

describe('a state', () => {
  it('without a problem ends the one that was shown', () => {
    const before = withHistory(event({ problem: 'AWS is away.', workers: [] }));
    expect(withEvent(before, event())).toEqual(Object.assign(event(), { isKnown: true }));
  });

  it('of a new connection replaces what was known', () => {
    expect(idsOf(withHistory(event({ orders: [order(9)] })))).toEqual(['order-9']);
  });
});
