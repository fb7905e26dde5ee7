import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHeldBodies } from './held-bodies.js';

const LARGE = 100_000;

function createWorld(maxBytes: number) {
  const time = { ms: 0 };
  const bodies = createHeldBodies({ maxBytes, now: () => time.ms });
  return {
    time,
    hold: (bytes: number) => {
      const socket = new Socket();
      return { socket, held: bodies.hold(bytes, socket) };
    },
  };
}

describe('request bodies', () => {
  it('are refused without room, and accepted once there is room', () => {
    const { hold } = createWorld(2 * LARGE);
    const first = hold(LARGE);
    expect(hold(LARGE).held).toBeDefined();
    expect(hold(LARGE).held).toBeUndefined();
    first.held?.release();
    first.held?.release();
    expect(hold(LARGE).held).toBeDefined();
    expect(hold(LARGE).held).toBeUndefined();
  });

  it('that arrive slowly make room for others', () => {
    const { hold, time } = createWorld(2 * LARGE);
    const [slow, done] = [hold(LARGE), hold(LARGE)];
    done.held?.complete();
    time.ms += 1_000;
    expect(hold(LARGE).held).toBeDefined();
    expect([slow.socket.destroyed, done.socket.destroyed]).toEqual([true, false]);
    expect(hold(LARGE).held).toBeUndefined();
  });

  it('are released with their connection', async () => {
    const { hold } = createWorld(LARGE);
    const { socket } = hold(LARGE);
    socket.destroy();
    await new Promise(setImmediate);
    expect(hold(LARGE).held).toBeDefined();
  });

  it('of the usual size are accepted while large ones are refused', () => {
    const { hold } = createWorld(2 * LARGE);
    for (let i = 0; i < 2; i++) hold(LARGE);
    expect([hold(LARGE).held, hold(1_000).held]).toEqual([undefined, expect.anything()]);
  });

  it('never exceed twice the limit, in whatever order they arrive and end', () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 262_144 }), ends: fc.nat(), waitMs: fc.nat(2_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { hold, time } = createWorld(1_000_000);
        const open: { bytes: number; socket: Socket; release: () => void }[] = [];
        for (const { bytes, ends, waitMs } of steps) {
          const { socket, held } = hold(bytes);
          if (held) open.push({ bytes, socket, release: held.release });
          const sum = open.filter((one) => !one.socket.destroyed).reduce((all, one) => all + one.bytes, 0);
          expect(sum).toBeLessThanOrEqual(2_000_000);
          for (const { release } of open.splice(ends % (open.length + 1), 1)) release();
          time.ms += waitMs;
        }
      }),
    );
  });
});
