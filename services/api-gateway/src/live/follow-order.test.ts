import { describe, expect, it } from '@jest/globals';
import { createFollowedOrder, followed } from '@orderflow/testing/api-gateway/followed-order';
import { eventually } from '@orderflow/testing/eventually';

describe('a stream of an order', () => {
  it('begins with the current state, sends each step, and ends with the outcome', async () => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world);
    await eventually(() => events().length === 1);
    world.claim();
    await eventually(() => events().length === 3);
    world.complete();
    await ended;
    expect(events()).toEqual([
      ...['order PENDING 1', 'step received', 'order PROCESSING 2', 'step completed', 'order COMPLETED 3'],
    ]);
  });

  it('sends each of several steps between two polls', async () => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world);
    world.claim();
    world.complete();
    await ended;
    expect(events()).toEqual(['order PENDING 1', 'step received', 'step completed', 'order COMPLETED 3']);
  });

  it('continues after the last event that the client has seen', async () => {
    const world = createFollowedOrder();
    world.claim();
    world.complete();
    const { events, ended } = await followed(world, '2');
    await ended;
    expect(events()).toEqual(['step completed', 'order COMPLETED 3']);
  });

  it('sends nothing to a client that has seen the current state, until something happens', async () => {
    const world = createFollowedOrder();
    world.claim();
    const { events, ended } = await followed(world, '2');
    await eventually(() => world.reads.length > 2);
    expect(events()).toEqual([]);
    world.complete();
    await ended;
    expect(events()).toEqual(['step completed', 'order COMPLETED 3']);
  });

  it('answers without a stream when the client has seen the outcome', async () => {
    const world = createFollowedOrder();
    world.complete();
    expect(await world.follow('3')).toBeUndefined();
  });

  it.each([1, 2, 4])(
    'skips no step for a client that is cut off anywhere, with %i changes between two reads',
    async (atOnce) => {
      const world = createFollowedOrder();
      const { claim, retry, claimAgain, complete } = world;
      const changes = [claim, retry, claimAgain, complete];
      const { frames, ended } = await followed(world);
      for (let done = 0; done < changes.length; done += atOnce) {
        for (const change of changes.slice(done, done + atOnce)) change();
        await eventually(() =>
          frames()
            .join('')
            .includes(`id: ${1 + done + atOnce}\n`),
        );
      }
      await ended;
      const stepsIn = (some: readonly string[]) => some.filter((frame) => frame.startsWith('event: step'));
      expect(stepsIn(frames())).toHaveLength(changes.length);

      const whole = frames();
      for (let cut = 1; cut <= whole.length; cut++) {
        const seen = whole.slice(0, cut);
        const lastEventId = [...seen.join('').matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
        const again = await world.follow(lastEventId);
        await again?.ended;
        // Without an id, a client gets only the current state.
        if (lastEventId === undefined) continue;
        const told = [...seen, ...(again?.frames() ?? [])];
        expect(new Set(stepsIn(told))).toEqual(new Set(stepsIn(whole)));
        expect(told.at(-1)).toBe(whole.at(-1));
      }
    },
  );

  it('ignores an id beyond the current version', async () => {
    const world = createFollowedOrder();
    const { events, ended } = await followed(world, '999');
    await eventually(() => events().length === 1);
    world.complete();
    await ended;
    expect(events()[0]).toBe('order PENDING 1');
    expect(events().at(-1)).toBe('order COMPLETED 3');
  });

  it('ignores a malformed id', async () => {
    const world = createFollowedOrder();
    world.complete();
    const { events, ended } = await followed(world, 'v3; drop');
    await ended;
    expect(events()).toEqual(['order COMPLETED 3']);
  });
});
