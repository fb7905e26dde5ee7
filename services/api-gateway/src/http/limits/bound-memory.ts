import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';
import { createHeldBodies } from './held-bodies.js';
import type { UnreadAnswers } from './unread-answers.js';
import { whenOver } from '../connections/when-over.js';

/** Limit for all request bodies that are being received or processed, together. */
const MAX_BODY_BYTES = 16_777_216;
const LARGE_TEXT = 16_384;
const LOOK_EVERY_MS = 1_000;

/** The largest size that a request's body can have. */
function bodyBytesOf({ headers }: FastifyRequest, bodyLimitBytes: number): number {
  if (headers['transfer-encoding'] !== undefined) return bodyLimitBytes;
  return Math.min(Number(headers['content-length'] ?? 0), bodyLimitBytes);
}

function sizeOf(payload: unknown): number | Readable {
  if (payload instanceof Readable) return payload;
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return payload instanceof Uint8Array ? payload.byteLength : 0;
}

/** Bounds the memory for bodies that clients send slowly and answers that they do not read. */
export function boundMemory(server: FastifyInstance, unread: UnreadAnswers, bodyLimitBytes: number): void {
  server.server.on('connection', unread.follow);
  const timer = setInterval(unread.look, LOOK_EVERY_MS).unref();
  server.addHook('onClose', (_, done) => {
    clearInterval(timer);
    done();
  });

  const bodies = createHeldBodies({ maxBytes: MAX_BODY_BYTES });
  const completions = new WeakMap<FastifyRequest, () => void>();
  server.addHook('onRequest', (request, reply, done) => {
    const bytes = bodyBytesOf(request, bodyLimitBytes);
    const held = bytes === 0 ? undefined : bodies.hold(bytes, request.raw.socket);
    if (held) {
      completions.set(request, held.complete);
      whenOver(reply, held.release);
    }
    if (held || bytes === 0) done();
    else done(new ApiProblem('OVERLOADED', 'Too many large requests are being received.'));
  });
  server.addHook('preValidation', (request, _, done) => {
    completions.get(request)?.();
    done();
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    const answer = sizeOf(payload);
    if (typeof answer === 'number') unread.makeRoom(answer);
    whenOver(reply, unread.sending(request.raw.socket, answer));
    // Node keeps a queued string and up to three more bytes for each of its characters. A buffer takes its size only.
    const isLarge = typeof payload === 'string' && payload.length > LARGE_TEXT;
    done(null, isLarge ? Buffer.from(payload) : payload);
  });
}
