import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';

/** The callbacks. Each answer and each connection has one listener, however many callbacks wait. */
const ofAnswer = new WeakMap<ServerResponse, (() => void)[]>();
const ofConnection = new WeakMap<Socket, Set<() => void>>();

function answersOf(socket: Socket): Set<() => void> {
  const known = ofConnection.get(socket);
  if (known) return known;
  const answers = new Set<() => void>();
  ofConnection.set(socket, answers);
  socket.once('close', () => {
    for (const end of answers) end();
  });
  return answers;
}

/**
 * Runs the callback once, when the answer has been sent or can no longer be sent; at once if that is already so. The
 * answer's own event is not enough: Node 20 and 22 do not tell a queued answer that its connection has closed.
 */
export function whenOver({ raw, request }: FastifyReply, run: () => void): void {
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
  const answers = answersOf(socket);
  const end = (): void => {
    if (!answers.delete(end)) return;
    for (const each of runs) each();
  };
  answers.add(end);
  raw.once('close', end);
}
