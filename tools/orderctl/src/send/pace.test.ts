import { describe, expect, it } from '@jest/globals';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { pace } from './pace.js';

type Options = { rate: number; count: number; mostInFlight?: number; workMs?: (index: number) => number };

async function run({ rate, count, mostInFlight = 50, workMs = () => 0 }: Options) {
  const terminal = createFakeTerminal();
  const startedAt = terminal.now();
  const starts: number[] = [];
  let inFlight = 0;
  let most = 0;
  await pace(terminal, { rate, count, mostInFlight }, async (index) => {
    starts.push(terminal.now() - startedAt);
    most = Math.max(most, (inFlight += 1));
    await terminal.pause(workMs(index));
    inFlight -= 1;
  });
  return { starts, most, inFlight };
}

describe('pace', () => {
  it('starts at the rate, even if earlier work is not done', async () => {
    const { starts, inFlight } = await run({ rate: 4, count: 5, workMs: () => 10_000 });
    expect(starts).toEqual([0, 250, 500, 750, 1_000]);
    expect(inFlight).toBe(0);
  });

  it('pauses at the in-flight limit, then makes up for at most one second', async () => {
    const held = await run({ rate: 10, count: 40, mostInFlight: 2, workMs: (index) => (index < 2 ? 30_000 : 0) });
    expect(held.most).toBe(2);
    expect(held.starts[2]).toBe(30_000);
    expect(held.starts.filter((at) => at < 30_100)).toHaveLength(2 + 12);
    expect(held.starts.at(-1)).toBeGreaterThan(32_000);
  });

  it('starts nothing after Ctrl-C, and waits for work in flight', async () => {
    const terminal = createFakeTerminal();
    let done = 0;
    await pace(terminal, { rate: 10, count: 0, mostInFlight: 5 }, async (index) => {
      if (index === 3) terminal.interrupt();
      await Promise.resolve();
      done += 1;
    });
    expect(done).toBe(4);
  });
});
