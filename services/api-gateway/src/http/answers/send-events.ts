import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { whenOver } from '../connections/when-over.js';

/** Answers with a stream of server-sent events; undefined means that there will be none: a client does not come back. */
export function sendEvents(reply: FastifyReply, events: Readable | undefined): void {
  // A proxy that compresses would hold events back: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.6
  void reply.header('cache-control', 'no-store, no-transform');
  if (!events) {
    void reply.status(204).send();
    return;
  }
  // The last header keeps a proxy from collecting events before it hands them on.
  void reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  // Fastify answers HEAD by the same handler, and would leave the stream open. A text would say how long the stream is.
  if (reply.request.method === 'HEAD') {
    events.destroy();
    void reply.send(Readable.from([]));
    return;
  }
  whenOver(reply, () => events.destroy());
  // The client may have gone before there was anything to tell.
  if (!events.destroyed) void reply.send(events);
  else reply.hijack().raw.destroy();
}
