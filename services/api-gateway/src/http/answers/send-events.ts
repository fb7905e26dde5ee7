import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { whenOver } from '../connections/when-over.js';

/** Answers with server-sent events. Without any it answers 204, which tells an EventSource not to reconnect. */
export function sendEvents(reply: FastifyReply, events: Readable | undefined): void {
  // A compressing proxy would delay events: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.6
  void reply.header('cache-control', 'no-store, no-transform');
  if (!events) {
    void reply.status(204).send();
    return;
  }
  // X-Accel-Buffering keeps nginx from buffering events.
  void reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  // Fastify calls this handler for HEAD too and would leave the stream open. An empty string would set a length of 0.
  if (reply.request.method === 'HEAD') {
    events.destroy();
    void reply.send(Readable.from([]));
    return;
  }
  whenOver(reply, () => events.destroy());
  // The client may have left before the first event.
  if (!events.destroyed) void reply.send(events);
  else reply.hijack().raw.destroy();
}
