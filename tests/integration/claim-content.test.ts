import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { createStatementExecutor } from '@orderflow/platform/dynamodb/executor';
import { createTableReader } from '@orderflow/platform/dynamodb/table-reader';
import { claimItem, finishItem, type ClaimOptions, type ClaimResult } from '@orderflow/platform/work-item/claim';
import { insert } from '@orderflow/platform/work-item/transitions';
import { aStoredOrder } from '@orderflow/testing/stored-orders';
import { TARGETS, type Target } from '../support/conformance/conformance-case.js';
import { runs, START } from '../support/conformance/targets.js';

const LEASE_MS = 30_000;
const RETRIABLE = { code: 'LATER', message: 'later', retriable: true };

describe.each(TARGETS.filter(runs))('a claim on %s', (name) => {
  let target: Target;
  beforeAll(async () => {
    target = await START[name]();
  }, 180_000);
  afterAll(async () => {
    await target.dispose();
  }, 60_000);

  /** A stored order, and claims of it. The clock is the test's. */
  async function store(change: Partial<OrderRecord> = {}) {
    const table = ordersTable(target.names);
    const executor = createStatementExecutor(target.dynamo);
    const order = { ...aStoredOrder({ now: Date.now() }), ...change };
    const { orderId: id, contentHash } = order;
    await executor.execute(insert(table, order));
    const time = { ms: Date.now() };
    const of = { executor, table, now: () => time.ms, leaseMs: LEASE_MS, markerDelayMs: 5_000 };
    const claim = (options: Partial<ClaimOptions> = {}) => {
      const messageId = randomUUID();
      return claimItem(of, { id, messageId, contentHash, entry: { name: 'received', messageId }, ...options });
    };
    const fail = (claimed: ClaimResult) => {
      if (claimed.kind !== 'claimed') throw new Error(`expected a claim, not ${claimed.kind}`);
      const outcome = { result: 'failed', now: time.ms, attributes: { failure: RETRIABLE }, outboxAt: 1 } as const;
      return finishItem({ executor, table }, claimed.ownership, { ...outcome, entries: [{ name: 'failed' }] });
    };
    const stored = () => createTableReader(target.dynamo, table).get(id);
    return { order, time, claim, fail, stored };
  }

  it('takes, takes over and replays an order whose content is that of the event', async () => {
    const { time, claim, fail, stored } = await store();
    expect(await claim()).toMatchObject({ kind: 'claimed' });
    expect(await claim()).toEqual({ kind: 'leased' });
    time.ms += 2 * LEASE_MS;
    expect(await fail(await claim())).toBe(true);
    expect(await claim({ replayId: 'r1' })).toMatchObject({ kind: 'claimed', life: 'r1' });
    expect(await stored()).toMatchObject({ status: 'PROCESSING', version: 5, lastReplayId: 'r1' });
  });

  it('leaves an order with other content as it is, in every state', async () => {
    const { order, time, claim, fail, stored } = await store();
    const forged = (options: Partial<ClaimOptions> = {}) => claim({ contentHash: 'forged', ...options });
    const refused = { kind: 'mismatch' };
    expect(await forged()).toEqual(refused);
    expect(await stored()).toEqual(order);
    const first = await claim();
    time.ms += 2 * LEASE_MS;
    const claimed = await stored();
    expect(await forged()).toEqual(refused);
    expect(await forged({ givesUp: true })).toEqual(refused);
    expect(await stored()).toEqual(claimed);
    await fail(first);
    const failed = await stored();
    expect(await forged({ replayId: 'r1' })).toEqual(refused);
    expect(await stored()).toEqual(failed);
  });

  it('takes, takes over and replays an order without a content hash, which an older version wrote', async () => {
    const { time, claim, fail, stored } = await store({ contentHash: undefined });
    const says = { contentHash: 'anything' };
    expect(await claim(says)).toMatchObject({ kind: 'claimed' });
    time.ms += 2 * LEASE_MS;
    expect(await fail(await claim(says))).toBe(true);
    expect(await claim({ ...says, replayId: 'r1' })).toMatchObject({ kind: 'claimed', life: 'r1' });
    expect(await stored()).not.toHaveProperty('contentHash');
  });
});
