import { EventEmitter, once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { NO_TRACING } from '@orderflow/platform/telemetry/tracing';
import { connectionRefused } from '@orderflow/testing/aws/aws-errors';
import { eventually } from '@orderflow/testing/eventually';
import { anOrder, NAMES, quiet, startApi, type Api } from '@orderflow/testing/api-gateway/start-api';

/** Holds a client's calls of one operation back until it is opened. */
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

  it('answers requests in flight, and accepts no new connection', async () => {
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

  it('is not ready at once, and serves for SHUTDOWN_DELAY_MS while load balancers notice', async () => {
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

  it('ends streams, then the listener, then the sweeper, and last what the sweeper uses', async () => {
    const ended: string[] = [];
    const api = await startApi(
      { SWEEP_INTERVAL_MS: '100' },
      {
        ...NO_TRACING,
        stop: () => {
          ended.push('tracing');
          return Promise.resolve();
        },
      },
    );
    const port = await listen(api);
    api.app.getHttpServer().once('close', () => ended.push('listener'));
    const stream = await fetch(`http://127.0.0.1:${port}/api/system/events`);
    const query = gate(api.aws.dynamo, 'QueryCommand');
    await query.reached;

    const stopped = api.app.close().then(() => ended.push('application'));
    expect(await stream.text()).toMatch(/^event: history$/m);
    await eventually(() => ended.includes('listener'));
    await quiet(100);
    expect({ ended, awsClosed: api.closed.aws }).toEqual({ ended: ['listener'], awsClosed: false });

    query.open();
    await stopped;
    expect(ended).toEqual(['listener', 'tracing', 'application']);
    expect(api.closed.aws).toBe(true);
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

  it('ends while the bus is unavailable', async () => {
    const api = await startApi();
    api.aws.eventBridge.failAlways('*', connectionRefused);
    await Promise.all(Array.from({ length: 25 }, () => api.post('/api/orders', anOrder())));
    await api.app.close();
    expect(api.orders().filter((order) => order.outboxAt !== undefined)).toHaveLength(25);
  });

  it('ends although the bus hangs, and leaves unpublished events to the outbox', async () => {
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
