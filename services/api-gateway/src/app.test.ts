import { EventEmitter, once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import {
  anOrder,
  bodyOf,
  eventually,
  NAMES,
  quiet,
  startApi,
  type Api,
} from '@orderflow/testing/api-gateway/start-api';

/** Keeps a client's calls of one operation from being made until it is opened. */
function gate(client: { send: unknown }, commandName: string) {
  const send = client.send as (command: object) => Promise<unknown>;
  const control = new EventEmitter();
  const opened = once(control, 'open');
  client.send = async (command: object) => {
    if (command.constructor.name === commandName) {
      control.emit('reached');
      await opened;
    }
    return send(command);
  };
  return { open: () => control.emit('open'), reached: once(control, 'reached') };
}

describe('the sweeper of a running API', () => {
  it('publishes what was accepted while the bus was away, once it is back', async () => {
    const { post, aws, time, log, queued } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.eventBridge.failAlways('*', connectionRefused);
    const { orderId } = bodyOf<Order>(await post('/api/orders', anOrder()));
    await quiet();
    time.ms += 5_000;
    await log.next('outbox sweeper cannot work');
    expect(queued(NAMES.orderQueue)).toEqual([]);

    aws.eventBridge.heal();
    time.ms += 3_600_000;
    await log.next('outbox swept');
    expect(queued(NAMES.orderQueue).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ orderId }) as unknown }),
    ]);
  });

  it('brings back an order whose event the bus took and never delivered', async () => {
    const { post, aws, time, log, queued, published } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.eventBridge.loseNext();
    await post('/api/orders', anOrder());
    await eventually(() => published().length === 1);
    expect(queued(NAMES.orderQueue)).toEqual([]);
    time.ms += 5_000;
    await log.next('outbox swept');
    expect(queued(NAMES.orderQueue)).toHaveLength(1);
    expect(published().map(({ Detail }) => Detail)).toEqual(Array(2).fill(published()[0]!.Detail));
  });

  it('sweeps notifications too', async () => {
    const { post, aws, time, log, queued } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    const { orderId } = bodyOf<Order>(await post('/api/orders', anOrder()));
    await eventually(() => queued(NAMES.orderQueue).length === 1);
    aws.eventBridge.loseNext();
    await post('/api/notifications', { orderId, message: 'Hi', channel: 'PUSH' });
    await quiet();
    time.ms += 5_000;
    const line = await log.next('outbox swept');
    expect(line.fields).toMatchObject({ table: NAMES.notificationsTable, republished: 1 });
    expect(queued(NAMES.notificationQueue)).toHaveLength(1);
  });

  it('goes on after an outage of DynamoDB, with one line for each change', async () => {
    const { aws, log } = await startApi({ SWEEP_INTERVAL_MS: '100' });
    aws.dynamo.failAlways('*', connectionRefused);
    await log.next('outbox sweeper cannot work');
    const made = aws.dynamo.calls.length;
    await eventually(() => aws.dynamo.calls.length >= made * 3);
    aws.dynamo.heal();
    await log.next('outbox sweeper recovered');
    expect(log.lines.filter(({ message }) => message === 'outbox sweeper cannot work')).toHaveLength(1);
  });
});

describe('stopping', () => {
  async function listen({ app }: Api): Promise<number> {
    await app.listen(0, '127.0.0.1');
    return Number(new URL(await app.getUrl()).port);
  }

  async function send(port: number, agent: Agent): Promise<{ status: number | undefined; body: string }> {
    const headers = { 'content-type': 'application/json' };
    const request = httpRequest({ port, agent, host: '127.0.0.1', method: 'POST', path: '/api/orders', headers });
    request.end(JSON.stringify(anOrder()));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it('answers the requests that are under way, and takes no new connection', async () => {
    const api = await startApi();
    const port = await listen(api);
    const insert = gate(api.aws.dynamo, 'BatchExecuteStatementCommand');
    const agent = new Agent({ keepAlive: true });
    const underWay = send(port, agent);
    await insert.reached;

    const stopped = api.app.close();
    await eventually(() => !api.app.getHttpServer().listening);
    await expect(send(port, new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(api.closed.aws).toBe(false);

    insert.open();
    expect(await underWay).toMatchObject({ status: 201 });
    await stopped;
    agent.destroy();
    expect(api.closed.aws).toBe(true);
    expect(api.queued(NAMES.orderQueue)).toHaveLength(1);
  });

  it('goes on serving for SHUTDOWN_DELAY_MS, not ready from the start, while a load balancer takes notice', async () => {
    const api = await startApi({ SHUTDOWN_DELAY_MS: '3000' });
    const port = await listen(api);
    const agent = new Agent({ keepAlive: true });
    const since = performance.now();
    const stopped = api.app.close();
    for (const path of ['/health', '/health/ready']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
      expect([answer.status, await answer.json()]).toEqual([503, { status: 'error', message: 'draining' }]);
    }
    expect((await fetch(`http://127.0.0.1:${port}/health/live`, { headers: { connection: 'close' } })).status).toBe(
      200,
    );
    expect(await send(port, agent)).toMatchObject({ status: 201 });
    await stopped;
    expect(performance.now() - since).toBeGreaterThanOrEqual(2_900);
    agent.destroy();
  }, 20_000);

  it('ends with the event batch flushed', async () => {
    const api = await startApi();
    const putEvents = gate(api.aws.eventBridge, 'PutEventsCommand');
    await Promise.all(Array.from({ length: 25 }, () => api.post('/api/orders', anOrder())));
    let hasStopped = false;
    const stopped = api.app.close().then(() => {
      hasStopped = true;
    });
    await quiet(100);
    expect({ hasStopped, awsClosed: api.closed.aws }).toEqual({ hasStopped: false, awsClosed: false });
    putEvents.open();
    await stopped;
    expect(api.queued(NAMES.orderQueue)).toHaveLength(25);
    expect(api.log.lines.at(-1)?.message).toBe('drained');
  });

  it('does not wait for clients that keep an idle connection open', async () => {
    const api = await startApi();
    const port = await listen(api);
    const agent = new Agent({ keepAlive: true });
    expect((await send(port, agent)).status).toBe(201);
    await api.app.close();
    agent.destroy();
  });

  it('ends although the bus is away', async () => {
    const api = await startApi();
    api.aws.eventBridge.failAlways('*', connectionRefused);
    await Promise.all(Array.from({ length: 25 }, () => api.post('/api/orders', anOrder())));
    await api.app.close();
    expect(api.orders().filter((order) => order.outboxAt !== undefined)).toHaveLength(25);
  });

  it('ends although the bus hangs, and leaves what has not left to the outbox', async () => {
    const api = await startApi();
    const putEvents = gate(api.aws.eventBridge, 'PutEventsCommand');
    await api.post('/api/orders', anOrder());
    await api.app.close();
    expect(api.closed.aws).toBe(true);
    expect(api.queued(NAMES.orderQueue)).toEqual([]);
    expect(api.orders()).toEqual([expect.objectContaining({ outboxAt: expect.any(Number) })]);
    putEvents.open();
  }, 20_000);
});
