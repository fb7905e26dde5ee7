import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createStatementExecutor, type Statement, type StatementResult } from './executor.js';

/** What the service does to a statement each time, however it is batched. */
type Fate = 'ordinary' | 'throttled-twice' | 'throttled-always' | 'broken' | 'unreadable';
/** What happens to a whole call. */
type CallFate = 'answered' | 'not-applied' | 'answer-lost' | 'timed-out' | 'answer-cut';
/** Increments its key's version if it is the expected one. */
type Wish = { key: string; expects: number; fate: Fate };
type Request = { Statement: string; Parameters: [key: string, expects: number, id: number] };
type Meeting = { id: number; call: number; what: 'applied' | 'refused' | 'failed'; version: number };

const named = (name: string) => Object.assign(new Error(name), { name });

/**
 * The sequential model: versions by key, and one statement at a time. `after` decides when a call reaches it and when
 * its answer arrives.
 */
function createService(wishes: readonly Wish[], callFates: CallFate[], after: (what: string) => Promise<unknown>) {
  const versions = new Map<string, number>();
  const meetings: Meeting[] = [];
  const calls: { ids: number[]; fate: CallFate }[] = [];
  const problems: string[] = [];
  let inFlight = 0;

  function apply({ Parameters: [key, expects, id] }: Request, call: number): object {
    const fate = wishes[id]?.fate ?? 'ordinary';
    const version = versions.get(key) ?? 0;
    const met = meetings.filter((meeting) => meeting.id === id).length;
    if (fate === 'throttled-always' || (fate === 'throttled-twice' && met < 2) || fate === 'broken') {
      meetings.push({ id, call, what: 'failed', version });
      return { Error: { Code: fate === 'broken' ? 'InternalServerError' : 'ThrottlingError' } };
    }
    const what = version === expects ? 'applied' : 'refused';
    meetings.push({ id, call, what, version });
    if (what === 'refused') return { Error: { Code: 'ConditionalCheckFailed', Item: { version } } };
    versions.set(key, expects + 1);
    return {};
  }

  async function send({ input }: { input: { Statements: Request[] } }): Promise<{ Responses: object[] }> {
    const requests = input.Statements;
    const keys = requests.map(({ Parameters: [key] }) => key);
    if (new Set(keys).size < keys.length) problems.push(`a key twice: ${keys.join(' ')}`);
    if (keys.length > 25 || keys.length === 0) problems.push(`${keys.length} statements`);
    if (++inFlight > 2) problems.push('more than two calls in flight');
    const call = calls.length;
    const fate = callFates.shift() ?? 'answered';
    calls.push({ ids: requests.map(({ Parameters: [, , id] }) => id), fate });
    try {
      await after(`call ${call}`);
      if (fate === 'not-applied') throw named('ECONNREFUSED');
      if (fate === 'timed-out') throw named('TimeoutError');
      const isUnreadable = requests.some(({ Parameters: [, , id] }) => wishes[id]?.fate === 'unreadable');
      if (isUnreadable) throw named('ValidationException');
      const responses = requests.map((request) => apply(request, call));
      await after(`answer ${call}`);
      if (fate === 'answer-lost') throw named('ECONNRESET');
      return { Responses: fate === 'answer-cut' ? responses.slice(0, -1) : responses };
    } finally {
      inFlight -= 1;
    }
  }

  return { dynamo: { send } as never, versions, meetings, calls, problems };
}

const statementOf = ({ key, expects }: Wish, id: number): Statement => ({
  key,
  text: 'RAISE',
  parameters: [key, expects, id],
});
const wish = (fates: readonly Fate[]) =>
  fc.record({
    key: fc.integer({ min: 1, max: 34 }).map((ordinal) => `k${ordinal}`),
    expects: fc.nat(3),
    fate: fc.constantFrom(...fates),
  });

type Settled = StatementResult | { error: string };
const settle = (result: Promise<StatementResult>): Promise<Settled> =>
  result.catch((error: unknown) => ({ error: (error as Error).name }));

const sleep = () => Promise.resolve();
const atOnce = () => Promise.resolve();

describe('the statement executor, against a sequential model', () => {
  it('gives every statement its sequential outcome, whatever the interleaving', async () => {
    const fates = [
      'ordinary',
      'ordinary',
      'ordinary',
      'throttled-twice',
      'throttled-always',
      'broken',
      'unreadable',
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(wish(fates), { maxLength: 120 }), fc.scheduler(), async (wishes, scheduler) => {
        const oneByOne = createService(wishes, [], atOnce);
        const plain = createStatementExecutor(oneByOne.dynamo, { sleep });
        const expected: Settled[] = [];
        for (const [id, each] of wishes.entries()) expected.push(await settle(plain.execute(statementOf(each, id))));

        const service = createService(wishes, [], (what) => scheduler.schedule(Promise.resolve(), what));
        const executor = createStatementExecutor(service.dynamo, { sleep });
        // Statements of one key await each other; different keys run at once.
        const actual: Settled[] = [];
        const all = [...new Set(wishes.map(({ key }) => key))].map(async (key) => {
          for (const [id, each] of wishes.entries()) {
            if (each.key === key) actual[id] = await settle(executor.execute(statementOf(each, id)));
          }
        });
        await scheduler.waitFor(Promise.all(all));

        expect(actual).toEqual(expected);
        expect(service.versions).toEqual(oneByOne.versions);
        expect(service.problems).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('reports each statement correctly when calls fail, answers are lost and keys are contended', async () => {
    const fates = ['ordinary', 'ordinary', 'throttled-twice', 'broken', 'unreadable'] as const;
    const callFate = fc.constantFrom<CallFate>(
      'answered',
      'answered',
      'not-applied',
      'answer-lost',
      'timed-out',
      'answer-cut',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(wish(fates), { maxLength: 120 }),
        fc.array(callFate, { maxLength: 12 }),
        fc.scheduler(),
        async (wishes, callFates, scheduler) => {
          const service = createService(wishes, [...callFates], (what) => scheduler.schedule(Promise.resolve(), what));
          const executor = createStatementExecutor(service.dynamo, { sleep, capacity: 60 });
          const settled = await scheduler.waitFor(
            Promise.all(wishes.map((each, id) => settle(executor.execute(statementOf(each, id))))),
          );
          expect(service.problems).toEqual([]);
          for (const [id, outcome] of settled.entries()) {
            const met = service.meetings.filter((meeting) => meeting.id === id);
            const effective = met.filter(({ what }) => what !== 'failed');
            // A statement that may have been applied is not sent again: only the caller can decide that.
            expect(effective.length).toBeLessThanOrEqual(1);
            if ('error' in outcome) {
              const reasons = service.calls.filter(({ ids }) => ids.includes(id)).map(({ fate }) => fate);
              // The result is unknown, the statement failed by itself, or it was never sent.
              if (effective.length === 1) expect(['answer-lost', 'answer-cut']).toContain(reasons.at(-1));
            } else {
              expect(effective).toEqual([
                expect.objectContaining({ what: outcome.applied ? 'applied' : 'refused' }) as unknown,
              ]);
              if (!outcome.applied) expect(outcome.item).toEqual({ version: effective[0]?.version });
            }
            if ('error' in outcome && outcome.error === 'OverloadedError') expect(met).toEqual([]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
