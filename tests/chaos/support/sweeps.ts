import { OUTBOX_SHARDS } from '@orderflow/domain/work-item-record';
import { eventually } from '@orderflow/testing/eventually';
import type { ChaosSystem } from './chaos-system.js';

const TABLES = 2;
/** Every twelfth sweep also looks for markers that are too far ahead. */
const QUERIES_PER_SWEEP = TABLES * OUTBOX_SHARDS * (1 + 1 / 12);

/** Sweeps so far, from their queries: only a sweep queries every shard of both tables. */
function sweepsOf(system: ChaosSystem): number {
  return (system.network.calls().get('DynamoDB Query') ?? 0) / QUERIES_PER_SWEEP;
}

/** Resolves after this many more sweeps. */
export async function untilSwept(system: ChaosSystem, sweeps: number, withinMs: number): Promise<void> {
  const wanted = sweepsOf(system) + sweeps;
  const isSwept = async () => sweepsOf(system) >= wanted;
  await eventually(isSwept, `${Math.ceil(sweeps)} sweeps of the outbox`, withinMs);
}
