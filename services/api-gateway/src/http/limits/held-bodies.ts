import type { Socket } from 'node:net';

/** A request whose body is in memory or being received. */
type Held = { bytes: number; socket: Socket; since: number; isComplete: boolean };

type Options = {
  /** Limit for all requests together. */
  maxBytes: number;
  /** Monotonic ms. */
  now?: () => number;
};

export type HeldBodies = {
  /** @returns undefined when there is no room */
  hold: (bytes: number, socket: Socket) => { complete: () => void; release: () => void } | undefined;
};

/** A well-behaved client sends its body within this time. */
const GRACE_MS = 1_000;
/** Nearly every order is smaller. Requests up to this size are accepted while larger ones are refused. */
const SMALL_BYTES = 16_384;

/**
 * Bounds the memory of request bodies, from their headers to the answer. When there is no room, the clients that have
 * been sending longest are disconnected first.
 */
export function createHeldBodies({ maxBytes, now = () => performance.now() }: Options): HeldBodies {
  /** Oldest first. */
  const all = new Set<Held>();
  let total = 0;

  /** By connection: in Node 20 and 22, an answer queued behind another one gets no event when it closes. */
  const ofConnection = new WeakMap<Socket, Set<Held>>();

  function release(held: Held): void {
    if (all.delete(held)) total -= held.bytes;
    ofConnection.get(held.socket)?.delete(held);
  }

  function heldBy(socket: Socket): Set<Held> {
    const known = ofConnection.get(socket);
    if (known) return known;
    const own = new Set<Held>();
    ofConnection.set(socket, own);
    socket.once('close', () => {
      for (const held of own) release(held);
    });
    return own;
  }

  function makeRoom(bytes: number): void {
    for (const held of all) {
      if (total + bytes <= maxBytes || now() - held.since < GRACE_MS) return;
      if (held.isComplete) continue;
      release(held);
      held.socket.destroy();
    }
  }

  return {
    hold: (bytes, socket) => {
      makeRoom(bytes);
      if (total + bytes > (bytes <= SMALL_BYTES ? 2 * maxBytes : maxBytes)) return undefined;
      const held = { bytes, socket, since: now(), isComplete: false };
      all.add(held);
      heldBy(socket).add(held);
      total += bytes;
      return {
        complete: () => {
          held.isComplete = true;
        },
        release: () => {
          release(held);
        },
      };
    },
  };
}
