import { describe, expect, it } from '@jest/globals';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { gate, startFakePollers, WORK } from '@orderflow/testing/fake-pollers';

describe('liveness', () => {
  it('is false when a receive call does not return in time', async () => {
    const hanging = gate();
    const { pollers, polled, time } = startFakePollers({
      pollers: 2,
      hangs: () => (polled.length > 2 ? hanging.opened : Promise.resolve()),
    });
    await eventually(() => polled.length >= 4);
    expect(pollers.areLive()).toBe(true);
    time.ms += 59_999;
    expect(pollers.areLive()).toBe(true);
    time.ms += 1;
    expect(pollers.areLive()).toBe(false);
    hanging.open();
    await eventually(() => pollers.areLive());
  });

  it('allows a batch the time of its handlers as well', async () => {
    const working = gate();
    let started = false;
    const { pollers, time, send } = startFakePollers({
      handle: async () => {
        started = true;
        await working.opened;
        return true;
      },
    });
    send('a');
    await eventually(() => started);
    time.ms += 79_999;
    expect(pollers.areLive()).toBe(true);
    time.ms += 1;
    expect(pollers.areLive()).toBe(false);
    working.open();
  });

  it('stays true during an outage, however long', async () => {
    const { pollers, sqs, time, log, away } = startFakePollers({ pollers: 3 });
    away.error = connectionRefused();
    sqs.failAlways('*', connectionRefused);
    await log.next('paused: a dependency is unavailable');
    await eventually(() => {
      time.ms += 3_600_000;
      return pollers.areLive();
    });
  });
});

describe('stopping', () => {
  it('waits for the handlers and the delete, and receives nothing more', async () => {
    const working = gate();
    let started = false;
    const { pollers, sqs, polled, send, time } = startFakePollers({
      handle: async () => {
        started = true;
        await working.opened;
        return true;
      },
    });
    send('a');
    await eventually(() => started);
    let ended = false;
    const stopping = pollers.stop().then(() => {
      ended = true;
    });
    send('b');
    const before = polled.length;
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    working.open();
    await stopping;
    expect(sqs.messages(WORK).map(({ body }) => body)).toEqual(['b']);
    expect(polled.length).toBe(before);
    time.ms += 3_600_000;
    expect(pollers.areLive()).toBe(true);
  });

  it('starts no further poller for a batch that ends meanwhile', async () => {
    const working = gate();
    const { pollers, polled, breaker, send } = startFakePollers({
      pollers: 4,
      handle: () => working.opened.then(() => true),
    });
    send('a');
    await eventually(() => polled.length > 2);
    const stopping = pollers.stop();
    let entered = 0;
    const enter = breaker.enter.bind(breaker);
    breaker.enter = () => {
      entered += 1;
      return enter();
    };
    working.open();
    await stopping;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(entered).toBe(0);
  });

  it('waits for a poll in flight and its messages', async () => {
    const hanging = gate();
    const { pollers, sqs, polled, send } = startFakePollers({ hangs: () => hanging.opened });
    await eventually(() => polled.length === 1);
    const stopping = pollers.stop();
    send('a');
    hanging.open();
    await stopping;
    expect(sqs.messages(WORK)).toEqual([]);
    expect(polled).toHaveLength(1);
  });

  it('ends at once while polling is paused', async () => {
    const { pollers, sqs, log, away, polled } = startFakePollers({ pollers: 2 });
    away.error = connectionRefused();
    sqs.failAlways('*', connectionRefused);
    await log.next('paused: a dependency is unavailable');
    await pollers.stop();
    const calls = polled.length;
    sqs.heal();
    await new Promise(setImmediate);
    expect(polled).toHaveLength(calls);
    expect(log.messages()).toEqual(['paused: a dependency is unavailable']);
  });
});
