import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';

type Run = () => void;

/** The callbacks. Each answer and each connection has one listener, however many callbacks wait. */
const ofAnswer = new WeakMap<ServerResponse, Run[]>();
const ofConnection = new WeakMap<Socket, Set<Run>>();

/**
 * Runs the callback when the connection closes.
 * @returns a function that drops it; true the first time, even if it has run
 */
export function whenClosed(socket: Socket, run: Run): () => boolean {
  let runs = ofConnection.get(socket);
  if (!runs) {
    const all = new Set<Run>();
    socket.once('close', () => {
      for (const each of all) each();
    });
    ofConnection.set(socket, all);
    runs = all;
  }
  const waiting = runs.add(run);
  return () => waiting.delete(run);
}

/**
 * Runs the callback once, when the answer has been sent or can no longer be sent; at once if that is already so. The
 * answer's own event is not enough: Node 20 and 22 do not tell a queued answer that its connection has closed.
 */
export function whenOver({ raw, request }: FastifyReply, run: Run): void {
  const { socket } = request.raw;
  if (raw.closed || socket.destroyed) {
    run();
    return;
  }
  const waiting = ofAnswer.get(raw);
  if (waiting) {
    waiting.push(run);
    return;
  }
  const runs = [run];
  ofAnswer.set(raw, runs);
  const end = (): void => {
    if (drop()) for (const each of runs) each();
  };
  const drop = whenClosed(socket, end);
  raw.once('close', end);
}
