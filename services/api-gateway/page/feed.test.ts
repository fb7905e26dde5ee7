import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { createPageBrowser, SESSION_KEY } from '@orderflow/testing/api-gateway/page-browser';

type Feed = {
  followEvents: (
    path: string,
    handlers: { onEvent: (name: string, data: unknown) => void; onConnection: (state: string) => void },
  ) => () => void;
};

/** Not for tsc: the types of a browser are not those of these tests. */
const FEED = './feed.js';
const { followEvents } = (await import(FEED)) as Feed;

const encode = (text: string) => new TextEncoder().encode(text);
const { fetch: fetchBefore } = globalThis;

describe('a feed', () => {
  let browser: ReturnType<typeof createPageBrowser>;
  let states: string[];
  let events: unknown[];
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    browser = createPageBrowser();
    Object.assign(globalThis, browser);
    states = [];
    events = [];
  });
  afterEach(() => {
    stop();
    Object.assign(globalThis, {
      fetch: fetchBefore,
      document: undefined,
      sessionStorage: undefined,
      location: undefined,
    });
    jest.useRealTimers();
  });

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  }

  async function start(): Promise<void> {
    stop = followEvents('api/things/events', {
      onEvent: (name, data) => events.push([name, data]),
      onConnection: (state) => states.push(state),
    });
    await settle();
  }

  async function pass(ms: number): Promise<void> {
    jest.advanceTimersByTime(ms);
    await settle();
  }

  const last = () => browser.calls.at(-1)!;

  it('hands on events, however they are cut into pieces', async () => {
    await start();
    const bytes = encode('retry: 1000\n\nevent: order\nid: 7\ndata: {"a":"é"}\n\n: still here\n\n');
    for (const byte of bytes) last().send(Uint8Array.of(byte));
    await settle();
    expect(events).toEqual([['order', { a: 'é' }]]);
    expect(states).toEqual(['live']);
  });

  it('connects again after an end, and names the last event that it has seen', async () => {
    await start();
    expect(last().headers.get('last-event-id')).toBe(null);
    last().send('event: order\nid: 7\ndata: {}\n\n');
    await settle();
    last().end();
    await settle();
    expect(states.at(-1)).toBe('away');
    await pass(500);
    expect(browser.calls).toHaveLength(2);
    expect(last().headers.get('last-event-id')).toBe('7');
  });

  it('connects again when the connection is silent for longer than the comments of the API', async () => {
    await start();
    await pass(15_000);
    last().send(': still here\n\n');
    await settle();
    await pass(15_000);
    expect(browser.calls).toHaveLength(1);
    await pass(5_000);
    expect(browser.calls[0]?.signal.aborted).toBe(true);
    await pass(500);
    expect(browser.calls).toHaveLength(2);
  });

  it.each([401, 403, 404])('does not try again after %i', async (status) => {
    browser.refuse(status);
    await start();
    await pass(60_000);
    expect(browser.calls).toHaveLength(1);
    expect(states).toEqual(['ended']);
  });

  it.each([429, 503])('tries again after %i, less often each time', async (status) => {
    browser.refuse(status);
    await start();
    for (const ms of [500, 1_000, 2_000]) await pass(ms);
    expect(browser.calls.length).toBe(4);
    await pass(1_000);
    expect(browser.calls.length).toBe(4);
  });

  it('pauses while the page is hidden, and connects at once when it is shown', async () => {
    await start();
    browser.document.hidden = true;
    browser.document.dispatchEvent(new Event('visibilitychange'));
    await pass(60_000);
    expect(last().signal.aborted).toBe(true);
    expect({ calls: browser.calls.length, state: states.at(-1) }).toEqual({ calls: 1, state: 'paused' });
    browser.document.hidden = false;
    browser.document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect({ calls: browser.calls.length, state: states.at(-1) }).toEqual({ calls: 2, state: 'connecting' });
  });

  it('sends nothing any more when it is stopped', async () => {
    await start();
    stop();
    browser.document.dispatchEvent(new Event('visibilitychange'));
    await pass(60_000);
    expect(browser.calls).toHaveLength(1);
    expect(last().signal.aborted).toBe(true);
  });

  it('goes on at once with the new token when the old one has been replaced', async () => {
    browser.signIn({ id: 's1', accessToken: 'first' });
    await start();
    expect(last().headers.get('authorization')).toBe('Bearer first');
    browser.signIn({ id: 's1', accessToken: 'second' });
    last().end();
    await settle();
    expect(browser.calls).toHaveLength(2);
    expect(last().headers.get('authorization')).toBe('Bearer second');
    expect(states).not.toContain('away');
    // An end without a new token is a failure again.
    last().end();
    await settle();
    expect(states.at(-1)).toBe('away');
  });

  it('goes on at once only once if its token nears its end and cannot be renewed', async () => {
    browser.signIn({ id: 's1', accessToken: 'first', renewAt: Date.now(), expiresAt: Date.now() + 10_000 });
    await start();
    last().end();
    await settle();
    expect(browser.calls).toHaveLength(2);
    last().end();
    await settle();
    expect({ calls: browser.calls.length, state: states.at(-1) }).toEqual({ calls: 2, state: 'away' });
  });

  it('ends when its token has expired and cannot be renewed', async () => {
    browser.signIn({ id: 's1', accessToken: 'first', renewAt: Date.now() + 5_000, expiresAt: Date.now() + 10_000 });
    await start();
    await pass(10_000);
    last().end();
    await settle();
    await pass(60_000);
    expect(browser.calls).toHaveLength(1);
    expect(states).toEqual(['ended']);
    expect(browser.sessionStorage.getItem(SESSION_KEY)).toBe(null);
  });
});
