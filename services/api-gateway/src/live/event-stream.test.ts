import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { valueOf } from '@orderflow/testing/samples';
import { createEventStreams } from '@orderflow/testing/api-gateway/event-streams';
import type { EventStream } from './event-stream.js';

function open(
  streams = createEventStreams(),
  onClose: () => void = () => undefined,
  client = 'client',
): EventStream & { text: () => string } {
  const stream = streams.open('order', { key: client }, onClose);
  let text = '';
  return {
    ...stream,
    text: () => {
      for (let chunk = stream.body.read() as Buffer | null; chunk; chunk = stream.body.read() as Buffer | null) {
        text += chunk.toString();
      }
      return text;
    },
  };
}

describe('an event stream', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('asks clients to reconnect soon, and frames events with and without an id', () => {
    const stream = open();
    stream.send({ event: 'order', data: { text: 'two\nlines' }, id: '7' });
    stream.send({ event: 'problem', data: {} });
    expect(stream.text()).toBe(
      'retry: 1000\n\nevent: order\nid: 7\ndata: {"text":"two\\nlines"}\n\nevent: problem\ndata: {}\n\n',
    );
  });

  it('sends heartbeats', () => {
    const stream = open();
    stream.text();
    jest.advanceTimersByTime(31_000);
    expect(stream.text().match(/^: .*$/gm)).toHaveLength(2);
  });

  it('ends after what was sent, and sends nothing afterwards', async () => {
    const stream = open();
    stream.send({ event: 'order', data: { last: true } });
    stream.end();
    stream.send({ event: 'order', data: { late: true } });
    const ended = once(stream.body, 'end');
    expect(stream.text()).toContain('{"last":true}');
    await ended;
    expect(stream.text()).not.toContain('late');
  });

  it('cleans up once when the client goes, heartbeat included', async () => {
    let closed = 0;
    const stream = open(createEventStreams(), () => {
      closed += 1;
    });
    stream.body.destroy();
    await once(stream.body, 'close');
    expect(closed).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('disconnects a client that does not read', async () => {
    const stream = open();
    const closed = once(stream.body, 'close');
    for (let i = 0; i < 20; i++) stream.send({ event: 'order', data: { text: 'x'.repeat(100_000) } });
    await closed;
    expect(stream.body.destroyed).toBe(true);
    expect(stream.body.readableLength).toBeLessThan(400_000);
  });

  it('is refused when there are too many, and granted again when one has closed', async () => {
    const streams = createEventStreams({ maxStreams: 2 });
    const first = open(streams);
    open(streams);
    expect(() => open(streams)).toThrow(expect.objectContaining({ code: 'TOO_MANY_STREAMS' }));
    first.body.destroy();
    await once(first.body, 'close');
    expect(open(streams)).toBeDefined();
  });

  it('is refused to a client that has too many, and granted to others', async () => {
    const streams = createEventStreams({ maxPerClient: 2 });
    const own = [open(streams), open(streams)];
    expect(() => open(streams)).toThrow(expect.objectContaining({ code: 'TOO_MANY_STREAMS' }));
    open(streams, undefined, 'another');
    own[0]?.body.destroy();
    await once(own[0]!.body, 'close');
    expect(open(streams)).toBeDefined();
  });

  it('shares the bytes of an event among its clients', () => {
    const streams = createEventStreams();
    const data = { text: 'x'.repeat(1_000) };
    const [one, other] = [open(streams), open(streams)];
    for (const stream of [one, other]) stream.text();
    for (const stream of [one, other]) stream.send({ event: 'system', data });
    const [first, second] = [one, other].map(({ body }) => body.read() as Buffer);
    expect(first?.buffer).toBe(second?.buffer);
    expect(String(first)).toBe(`event: system\ndata: ${JSON.stringify(data)}\n\n`);
    one.send({ event: 'system', data: { text: 'new' } });
    expect(one.text()).toContain('new');
  });

  it('asks for room before it buffers more', () => {
    const asked: number[] = [];
    const stream = open(createEventStreams({ makeRoom: (bytes) => asked.push(bytes) }));
    stream.send({ event: 'order', data: { text: 'é' } });
    expect(asked.reduce((sum, bytes) => sum + bytes, 0)).toBe(Buffer.byteLength(stream.text()));
  });

  it('is counted by its kind for as long as it is open', async () => {
    const metrics = createMetrics('test');
    const streams = createEventStreams({}, metrics);
    const counts = async () => {
      const { text } = await metrics.scrape();
      return ['order', 'system'].map((kind) => valueOf(text, 'event_streams_open', { kind }));
    };
    expect(await counts()).toEqual([0, 0]);
    const first = open(streams);
    open(streams);
    streams.open('system', { key: 'client' }, () => undefined);
    expect(await counts()).toEqual([2, 1]);
    first.body.destroy();
    await once(first.body, 'close');
    expect(await counts()).toEqual([1, 1]);
  });

  it('ends with all others at shutdown, also when opened later', async () => {
    const streams = createEventStreams();
    const early = open(streams);
    streams.beforeApplicationShutdown();
    const late = open(streams);
    late.send({ event: 'order', data: { state: 'now' } });
    const ends = [once(early.body, 'end'), once(late.body, 'end')];
    early.text();
    // The end comes one turn later.
    await new Promise(setImmediate);
    expect(late.text()).toContain('{"state":"now"}');
    await Promise.all(ends);
  });
});
