import { afterEach, describe, expect, it } from '@jest/globals';
import { bodyOf } from '@orderflow/testing/api-gateway/start-api';
import { startWithTokens } from '@orderflow/testing/api-gateway/start-with-tokens';
import { eventually } from '@orderflow/testing/eventually';
import { leaveRaw, openRaw, parseAnswer } from '@orderflow/testing/raw-client';

afterEach(leaveRaw);

const codeOf = (answer: { status: number; text: string }) => [answer.status, bodyOf(answer).code];

describe('the Authorization header', () => {
  it.each<[string, (token: string) => string, number]>([
    ['Bearer', (token) => `Bearer ${token}`, 200],
    ['bearer', (token) => `bearer ${token}`, 200],
    ['BEARER', (token) => `BEARER ${token}`, 200],
    ['several spaces', (token) => `Bearer   ${token}  `, 200],
    ['no scheme', (token) => token, 401],
    ['no token', () => 'Bearer', 401],
    ['no token after a space', () => 'Bearer ', 401],
    ['nothing', () => '', 401],
    ['Basic', () => 'Basic YWxpY2U6YWxpY2U=', 401],
    ['DPoP', (token) => `DPoP ${token}`, 401],
    ['a tab', (token) => `Bearer\t${token}`, 401],
    ['quotes', (token) => `Bearer "${token}"`, 401],
    ['two tokens', (token) => `Bearer ${token}, Bearer ${token}`, 401],
    ['a token and more', (token) => `Bearer ${token} x`, 401],
    ['Bearer twice', (token) => `Bearer Bearer ${token}`, 401],
  ])('with %s', async (_, write, status) => {
    const { issuer, get } = await startWithTokens();
    expect((await get('/api/orders', { authorization: write(await issuer.sign()) })).status).toBe(status);
  });

  it.each([
    ['twice', (token: string) => [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]],
    ['in another case', (token: string) => [`authorization: Bearer ${token}`, 'AUTHORIZATION: Basic YTpi']],
    ['empty at first', (token: string) => ['Authorization:', `Authorization: Bearer ${token}`]],
  ])('must not come twice: %s', async (_, write) => {
    const api = await startWithTokens();
    const lines = write(await api.issuer.sign());
    const head = ['GET /api/orders HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines, '', ''].join('\r\n');
    const client = await openRaw(await api.listen(), head);
    await eventually(() => client.socket.readableEnded);
    const { status, headers, body } = parseAnswer(client.received());
    expect([status, bodyOf({ text: body }).code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it('may be as long as Node reads, and a longer one is 431', async () => {
    const api = await startWithTokens();
    const port = await api.listen();
    for (const [length, status] of [
      [8_193, 401],
      [15_000, 401],
      [17_000, 431],
    ] as const) {
      const headers = { authorization: `Bearer ${'x'.repeat(length)}` };
      const answer = await fetch(`http://127.0.0.1:${port}/api/orders`, { headers });
      expect({ length, status: answer.status }).toEqual({ length, status });
    }
  });
});

describe('a token in the URL', () => {
  it.each(['access_token', '%61ccess_token', 'access%5Ftoken', 'limit=1&access_token', 'access_token=&access_token'])(
    'is refused, with and without a header: %s',
    async (name) => {
      const { issuer, get } = await startWithTokens();
      for (const headers of [{}, await issuer.as()]) {
        const answer = await get(`/api/orders?${name}=${await issuer.sign()}`, headers);
        expect(codeOf(answer)).toEqual([400, 'MALFORMED_REQUEST']);
        expect(answer.text).not.toContain('eyJ');
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_request"/);
      }
    },
  );
});
