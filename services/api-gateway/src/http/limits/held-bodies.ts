import type { Socket } from 'node:net';
import { whenClosed } from '../connections/when-over.js';

/** A request whose body is in memory or being received. */
type Held = { bytes: number; socket: Socket; since: number; isComplete: boolean; release: () => void };

/** A well-behaved client sends its body within this time. */
const GRACE_MS = 1_000;
/** Nearly every order is smaller. Requests up to this size are accepted while larger ones are refused. */
const SMALL_BYTES = 16_384;

type Options = { maxBytes: number; now?: () => number };

/**
 * Bounds the memory of request bodies, from their headers to the answer. When there is no room, the clients that have
 * been sending longest are disconnected first.
 */
export function createHeldBodies({ maxBytes, now = () => performance.now() }: Options) {
  /** Oldest first. */
  const all = new Set<Held>();
  let total = 0;

  function makeRoom(bytes: number): void {
    for (const held of all) {
      if (total + bytes <= maxBytes || now() - held.since < GRACE_MS) return;
      if (held.isComplete) continue;
      held.release();
      held.socket.destroy();
    }
  }

  return {
    /** @returns undefined when there is no room */
    hold: (bytes: number, socket: Socket) => {
      makeRoom(bytes);
      if (total + bytes > (bytes <= SMALL_BYTES ? 2 * maxBytes : maxBytes)) return undefined;
      const release = (): void => {
        drop();
        if (all.delete(held)) total -= bytes;
      };
      const drop = whenClosed(socket, release);
      const held: Held = { bytes, socket, since: now(), isComplete: false, release };
      all.add(held);
      total += bytes;
      const complete = (): void => {
        held.isComplete = true;
      };
      return { complete, release };
    },
  };
}
