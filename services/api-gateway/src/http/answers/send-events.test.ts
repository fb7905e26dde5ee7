import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { sendEvents } from './send-events.js';

function createReply(method: string) {
  const raw = new EventEmitter();
  const sent: unknown[] = [];
  const reply = {
    raw,
    request: { method, raw: { socket: new EventEmitter() } },
    header: () => reply,
    type: () => reply,
    status: () => reply,
    send: (body?: unknown) => sent.push(body),
  };
  return { reply: reply as unknown as FastifyReply, raw, sent };
}

describe('an answer with events', () => {
  it('ends the stream when the client leaves', () => {
    const { reply, raw, sent } = createReply('GET');
    const events = new Readable({ read: () => undefined });
    sendEvents(reply, events);
    expect(sent).toEqual([events]);
    expect(events.destroyed).toBe(false);
    raw.emit('close');
    expect(events.destroyed).toBe(true);
  });

  it('leaves nothing open for HEAD, which has no body', () => {
    const { reply, sent } = createReply('HEAD');
    const events = new Readable({ read: () => undefined });
    sendEvents(reply, events);
    expect([sent.length, (sent[0] as Readable).readableLength, events.destroyed]).toEqual([1, 0, true]);
  });
});
