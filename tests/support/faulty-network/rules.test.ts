import { describe, expect, it } from '@jest/globals';
import { failure, useFaultyNetwork } from './test-network.js';

describe('the rules of a faulty network', () => {
  const system = useFaultyNetwork();

  it('affects only the operation that a rule names', async () => {
    system.network.add({ service: 'SQS', operation: 'DeleteMessage', kind: 'refuse' });
    system.network.add({ service: 'EventBridge', kind: 'refuse' });
    expect(await system.receive()).toEqual([]);
    await system.read();
  });

  it('removes one rule, or all by healing', async () => {
    const remove = system.network.add({ service: 'DynamoDB', kind: 'refuse' });
    system.network.add({ service: 'SQS', kind: 'refuse' });
    remove();
    await system.read();
    expect(await failure(system.receive())).toBeDefined();
    system.network.heal();
    expect(await system.receive()).toEqual([]);
  });

  it('decides the n-th call of an operation by the seed, however calls interleave', async () => {
    const rule = { kind: 'error-500', probability: 0.3 } as const;
    const decide = async (seed: number, others: boolean) => {
      await system.reseed(seed);
      system.network.add({ ...rule, service: 'DynamoDB' });
      system.network.add({ ...rule, service: 'EventBridge' });
      const decisions: boolean[] = [];
      for (let call = 0; call < 60; call++) {
        if (others && call % 3 === 0) await failure(system.publish('one'));
        decisions.push((await failure(system.read())) !== undefined);
      }
      return decisions;
    };
    const alone = await decide(42, false);
    expect(await decide(42, true)).toEqual(alone);
    expect(system.network.seed).toBe(42);
    expect(await decide(43, false)).not.toEqual(alone);
    const hits = alone.filter(Boolean).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(30);
  });
});
