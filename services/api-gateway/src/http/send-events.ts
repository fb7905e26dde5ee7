import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Answers with a stream of server-sent events; undefined means that there will be none: a client does not come back. */
export function sendEvents(reply: FastifyReply, events: Readable | undefined): void {
  void reply.header('cache-control', 'no-store');
  if (!events) {
    void reply.status(204).send();
    return;
  }
  // The last header keeps a proxy from collecting events before it hands them on.
  void reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  // Fastify answers HEAD by the same handler, and would leave the stream open.
  if (reply.request.method === 'HEAD') {
    events.destroy();
    void reply.send('');
  } else {
    reply.raw.once('close', () => events.destroy());
    void reply.send(events);
  }
}
