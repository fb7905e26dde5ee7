import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createFakeApi } from '@orderflow/testing/orderctl/fake-api';
import { createFakeTerminal } from '@orderflow/testing/orderctl/fake-terminal';
import { createOutage, reasonOf } from '../outage.js';
import { startDeadline } from '../terminal.js';
import { awaitOutcomes } from './await-outcomes.js';
import { send, toPlaced, type SendOptions } from './send.js';

const OPTIONS: SendOptions = { rate: 100, count: 3, retryFor: 0, json: true };

const NO_TOKENS = { headers: () => Promise.resolve({}), forget: () => undefined };

/** Sends to an API that does this with each request. */
async function sendTo(listener: RequestListener, options: Partial<SendOptions> = {}) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const terminal = createFakeTerminal();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const exitCode = await send({ url, tokens: NO_TOKENS }, terminal, { ...OPTIONS, ...options });
  server.closeAllConnections();
  server.close();
  return { exitCode, written: terminal.written(), said: terminal.said() };
}

describe('send', () => {
  it.each([
    ['SCOPE_MISSING', true],
    ['VALIDATION_FAILED', false],
  ])('says after %s which variables choose the token: %s', async (code, says) => {
    const body = JSON.stringify({ code, detail: 'no' });
    const { written } = await sendTo((_, response) => response.writeHead(403).end(body), { json: false });
    expect(written.includes('OIDC_CLIENT_ID and OIDC_CLIENT_SECRET name the client')).toBe(says);
  });

  it('distinguishes refused orders from unanswered ones', async () => {
    const refused = await sendTo((_request, response) => response.writeHead(400).end('{"code":"BAD","detail":"no"}'));
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.written)).toMatchObject({
      ...{ accepted: 0, refused: 3, unanswered: 0 },
      refusals: { BAD: { count: 3, detail: 'no' } },
    });
    const lost = await sendTo((request) => request.socket.destroy());
    expect(lost.exitCode).toBe(1);
    expect(JSON.parse(lost.written)).toMatchObject({
      ...{ accepted: 0, refused: 0, unanswered: 3, refusals: {} },
      silences: { NO_ANSWER: { count: 3 } },
    });
    const { written } = await sendTo((request) => request.socket.destroy(), { json: false });
    expect(written).toMatch(/refused +0\nunanswered +3: they may have been ordered, or not\n +3 NO_ANSWER: /);
    expect(written).toMatch(/again +the same command with --customer sample-\S+ orders nothing twice\n/);
  });

  it('reuses the keys of an earlier run with the same customer', async () => {
    const keys: unknown[] = [];
    const accept: RequestListener = (request, response) => {
      keys.push(request.headers['idempotency-key']);
      response.writeHead(201).end('{"orderId":"1"}');
    };
    const first = JSON.parse((await sendTo(accept)).written) as { customerId: string };
    await sendTo(accept, { customer: first.customerId });
    expect(new Set(keys).size).toBe(3);
    expect(keys).toHaveLength(6);
  });
});

describe('the meaning of an answer', () => {
  it.each([
    [201, false, 'accepted'],
    [201, true, 'accepted'],
    [422, false, 'refused'],
    [422, true, 'refused'],
    [429, false, 'refused'],
    [429, true, 'unanswered'],
    [500, true, 'unanswered'],
    [503, true, 'unanswered'],
    [undefined, true, 'unanswered'],
  ])('%s, with mayHaveArrived %s, means %s', (status, mayHaveArrived, kind) => {
    const answer = status === undefined ? undefined : { status, body: { orderId: '1' } };
    expect(toPlaced({ answer, retries: 0, mayHaveArrived }, 5)).toMatchObject({ kind });
  });
});

describe('awaiting outcomes', () => {
  const page = (...statuses: string[]) => ({
    status: 200,
    body: { items: statuses.map((status) => ({ status })), nextCursor: null },
  });

  async function outcomes(...answers: Parameters<typeof createFakeApi>) {
    const terminal = createFakeTerminal();
    const startedAt = terminal.now();
    const retrying = { terminal, outage: createOutage(terminal, 'API'), retryForMs: 120_000, random: () => 0 };
    const deadline = startDeadline(terminal, 10_000);
    const options = { customerId: 'c', accepted: 2, deadline, onProgress: () => undefined };
    const found = await awaitOutcomes(createFakeApi(...answers), options, retrying).catch(reasonOf);
    return { found, tookMs: terminal.now() - startedAt };
  }

  it('ends when all orders have ended, unanswered ones included', async () => {
    const all = { completed: 2, failed: 1, unfinished: 0 };
    const answers = [
      page('COMPLETED'),
      page('COMPLETED', 'FAILED', 'PENDING'),
      page('COMPLETED', 'FAILED', 'COMPLETED'),
    ];
    expect((await outcomes(...answers)).found).toEqual(all);
  });

  it('ends in time, whatever the API does', async () => {
    const slow = await outcomes(page('COMPLETED', 'PENDING'));
    expect(slow).toEqual({ found: { completed: 1, failed: 0, unfinished: 1 }, tookMs: 10_000 });
    const away = await outcomes(page('COMPLETED'), new TypeError('fetch failed'));
    expect(away).toEqual({ found: { completed: 1, failed: 0, unfinished: 1 }, tookMs: 10_000 });
    const never = await outcomes(new TypeError('fetch failed'));
    expect(never).toEqual({ found: 'The outcomes could not be read within 10 s.', tookMs: 10_000 });
  });
});
