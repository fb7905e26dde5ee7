import { describe, expect, it } from '@jest/globals';
import { createFakeAws } from '@orderflow/testing/aws/fake-aws';
import { keyedTable } from '@orderflow/testing/aws/fake-table';
import { claimWithoutHolder, confirmationByOne, withoutCondition } from './ablation.js';
import { explore } from './explore.js';
import { createSubjects } from './subjects.js';
import type { Seam } from './world.js';

/** Matches a takeover, but no other claim. */
const TAKEOVER = /SET "holder".* AND "claimToken" = \?/;

const asIs: Seam = (executor) => executor;

/** Uses tables in memory, because this tests the model rather than the tables. */
function exploreFake(seam: Seam, runs: number, seed = 1) {
  const keys = new Map(Object.values(createSubjects('local')).map(({ table: { name, key } }) => [name, key]));
  const tables = [...keys].map(([name, key]) => keyedTable(name, key));
  return explore({ dynamo: createFakeAws({ tables }).dynamo, stage: 'local', runs, seed, partitions: 1, seam });
}

describe('the model of the state machine', () => {
  it('agrees with the statements, and repeats the same histories for the same seed', async () => {
    const first = await exploreFake(asIs, 60);
    expect(first).toEqual({
      runs: 60,
      seed: 1,
      commands: expect.any(Number) as unknown,
      statements: expect.any(Number) as unknown,
    });
    expect(await exploreFake(asIs, 60)).toEqual(first);
  }, 60_000);

  it('notices claims that ignore the holder', async () => {
    const interventions = { statements: 0, answers: 0 };
    const { counterexample } = await exploreFake(claimWithoutHolder(interventions), 60);
    expect(counterexample).toContain('no message takes an item from another one during its lease');
    expect(interventions.statements).toBeGreaterThan(0);
    expect(interventions.answers).toBeGreaterThan(0);
  }, 60_000);

  it('notices a marker that the first of two confirmations removes', async () => {
    const interventions = { statements: 0 };
    const { counterexample } = await exploreFake(confirmationByOne(interventions), 60);
    expect(counterexample).toContain('the marker of an outcome stays until its last consumer has confirmed it');
    expect(interventions.statements).toBeGreaterThan(0);
  }, 60_000);

  it('notices a new life that may expire before it has ended', async () => {
    let altered = 0;
    const seam: Seam = (executor) => ({
      execute: ({ text, ...statement }) => {
        const kept = text.replace(' REMOVE "expiresAt"', '');
        if (kept !== text) altered++;
        return executor.execute({ ...statement, text: kept });
      },
    });
    const { counterexample } = await exploreFake(seam, 600);
    expect(counterexample).toContain('an item expires when nothing more has to happen to it, and never before');
    expect(altered).toBeGreaterThan(0);
  }, 60_000);

  it.each([
    ['a claim of any version', /"holder" IN/, / AND "version" = \?/],
    ['a claim for an event with any content', /"holder" IN/, / AND "contentHash" = \?/],
    ['a takeover from any claim', TAKEOVER, / AND "claimToken" = \? AND "version" = \?/],
    ['a replay of any version', /"lastReplayId" <> \?/, / AND "version" = \?/],
    ['a restart of any version', /SET "lastReplayId"(?!.*"lastReplayId" <>)/, / AND "version" = \?/],
    ['a restart after any failure', /SET "lastReplayId"(?!.*"lastReplayId" <>)/, / AND "failure"."retriable" = \?/],
    ['an outcome by any holder', /"effects" \+ 1/, / AND "claimToken" = \?/],
    ['a postponement of any claim', /^UPDATE \S+ SET "claimToken"/, / AND "claimToken" = \?/],
    ['a second outcome', /"effects" \+ 1/, / AND "status" = \?/],
    ['a confirmation that ignores the other consumers', /^UPDATE \S+ SET "awaiting"/, / AND "awaiting" = \?/],
    ['a confirmation of any outcome', /^UPDATE \S+ SET "outboxAttempts"/, / AND "version" = \?/],
    ['a marker moved by several sweepers', /^UPDATE \S+ SET "outboxAt"/, / AND "outboxAt" = \?/],
  ])(
    'notices %s',
    async (_name, where, condition) => {
      let altered = 0;
      const seam: Seam = (executor) => ({
        execute: (statement) => {
          const changed = where.test(statement.text) ? withoutCondition(statement, condition) : undefined;
          if (changed) altered++;
          return executor.execute(changed ?? statement);
        },
      });
      const { counterexample } = await exploreFake(seam, 600);
      expect(altered).toBeGreaterThan(0);
      expect(counterexample).toBeDefined();
    },
    60_000,
  );

  it('notices an item that no message can take over', async () => {
    const seam: Seam = (executor, clock) => ({
      execute: async (statement) => {
        const result = await executor.execute(statement);
        if (result.applied || result.item?.status !== 'PROCESSING') return result;
        return { applied: false, item: { ...result.item, leaseUntil: clock.now } };
      },
    });
    const { counterexample } = await exploreFake(seam, 600);
    expect(counterexample).toContain('the item ends in a bounded number of rounds');
  }, 60_000);
});
