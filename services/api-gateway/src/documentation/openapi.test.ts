import { describe, expect, it, jest } from '@jest/globals';
import { type Order } from '@orderflow/contracts';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { Validator } from '@seriousme/openapi-schema-validator';
import { anOrder, bodyOf, startApi } from '@orderflow/testing/api-gateway/start-api';

type Schema = {
  required?: string[];
  properties?: Record<string, Record<string, unknown>>;
  additionalProperties?: boolean;
};
type Response = { headers: Record<string, object>; content?: Record<string, object> };
type OpenApi = {
  openapi: string;
  paths: Record<
    string,
    Record<string, { parameters: { name: string; in: string }[]; responses: Record<string, Response> }>
  >;
  components: { schemas: Record<string, Schema> };
};

async function read<Document>(url: string): Promise<Document> {
  const { get } = await startApi();
  const answer = await get(url);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  return bodyOf<Document>(answer);
}

/** Every regular expression in a document. */
function patternsIn(document: object): Set<string> {
  const found = Object.entries(document).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'pattern' && typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? [...patternsIn(value)] : [];
  });
  return new Set(found);
}

// The parsers take seconds on a busy machine.
jest.setTimeout(60_000);

describe('/openapi.json', () => {
  it('is a valid OpenAPI document', async () => {
    const document = await read<OpenApi>('/openapi.json');
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    validator.resolveRefs();
  });

  it("describes exactly the API's routes", async () => {
    const { paths } = await read<OpenApi>('/openapi.json');
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { responses }]) => `${method} ${path}: ${Object.keys(responses).join(' ')}`,
      ),
    );
    expect(routes.sort()).toEqual([
      'get /api/caller: 200 421 429',
      'get /api/dead-letters: 200 421 429 503',
      'get /api/notifications/{notificationId}: 200 400 404 421 429 503',
      'get /api/orders/{orderId}/events: 200 204 400 403 404 421 429 503',
      'get /api/orders/{orderId}/notifications: 200 400 404 421 429 503',
      'get /api/orders/{orderId}/timeline: 200 400 404 421 429 503',
      'get /api/orders/{orderId}: 200 304 400 404 421 429 503',
      'get /api/orders: 200 400 421 429 503',
      'get /api/system: 200 421 429',
      'post /api/notifications: 202 400 403 404 413 415 421 422 429 503',
      'post /api/orders/{orderId}/replay: 202 400 403 404 409 413 415 421 429 503',
      'post /api/orders: 201 400 403 413 415 421 422 429 503',
    ]);
  });

  it('says that requests refuse unknown properties', async () => {
    const { components } = await read<OpenApi>('/openapi.json');
    for (const name of ['CreateOrderRequest', 'OrderItem', 'CreateNotificationRequest']) {
      expect(components.schemas[name]?.additionalProperties).toBe(false);
    }
  });

  it('says that texts refuse blanks alone', async () => {
    const { components } = await read<OpenApi>('/openapi.json');
    const { pattern } = components.schemas.CreateNotificationRequest?.properties?.message ?? {};
    const matches = (text: string) => new RegExp(pattern as string).test(text);
    expect([' a ', 'ä', '🫖'].map(matches)).toEqual([true, true, true]);
    expect(['', ' ', '\u00a0', 'a\n', '\u0085'].map(matches)).toEqual([false, false, false, false, false]);
  });

  it.each(['/openapi.json', '/asyncapi.json'])(
    '%s has only patterns that mean the same in all languages',
    async (url) => {
      const patterns = patternsIn(await read<object>(url));
      expect(patterns.size).toBeGreaterThan(3);
      for (const pattern of patterns) {
        // The common subset of RE2, Java, Python, .NET and JavaScript: no class such as \d, no escape except \xHH, only
        // plain groups, and an anchor at both ends.
        expect(pattern).toMatch(/^\^(?:\\x[0-9A-F]{2}|\\[.]|[^\\(]|\((?!\?))*\$$/);
        const [here, re2] = [new RegExp(pattern), RE2JS.compile(pattern)];
        fc.assert(
          fc.property(
            fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.stringMatching(here)),
            (text) => {
              expect(re2.matcher(text).find()).toBe(here.test(text));
            },
          ),
          { numRuns: 15, examples: [[''], [' '], ['\u00a0'], ['\u0085'], ['a\n'], ['é'], ['🫖'], ['a']] },
        );
      }
    },
  );

  it('allows a null cursor on the last page', async () => {
    const { OrderPage } = (await read<OpenApi>('/openapi.json')).components.schemas;
    expect(OrderPage?.required).toEqual(['items', 'nextCursor']);
    expect(OrderPage?.properties?.nextCursor).toMatchObject({ anyOf: [{ type: 'string' }, { type: 'null' }] });
    expect(OrderPage?.properties?.nextCursor).not.toHaveProperty('type');
  });

  it('describes the query of the list', async () => {
    const { paths } = await read<OpenApi>('/openapi.json');
    const inQuery = paths['/api/orders']!.get!.parameters.filter((parameter) => parameter.in === 'query');
    expect(inQuery).toEqual([
      expect.objectContaining({ name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 100 } }),
      expect.objectContaining({ name: 'cursor' }),
      expect.objectContaining({ name: 'customerId' }),
    ]);
  });

  it('names the type and the headers of the answers', async () => {
    const { get, post } = await startApi({ RATE_LIMIT_MAX: '6' });
    const { paths } = bodyOf<OpenApi>(await get('/openapi.json'));
    const created = await post('/api/orders', anOrder(), { 'idempotency-key': 'k' });
    const { orderId } = bodyOf<Order>(created);
    const one = '/api/orders/{orderId}';
    const found = await get(`/api/orders/${orderId}`);
    const answers = [
      ['/api/orders', 'post', created],
      ['/api/orders', 'post', await post('/api/orders', anOrder(), { 'idempotency-key': 'k' })],
      ['/api/orders', 'post', await post('/api/orders', {})],
      [one, 'get', found],
      [one, 'get', await get(`/api/orders/${orderId}`, { 'if-none-match': found.headers.etag! })],
      [one, 'get', await get(`/api/orders/${orderId}`)],
    ] as const;
    expect(answers.map(([, , { status }]) => status)).toEqual([201, 201, 400, 200, 304, 429]);

    const telling = ['location', 'etag', 'idempotent-replayed', 'retry-after', 'x-correlation-id', 'allow'];
    for (const [path, method, { status, headers }] of answers) {
      const documented = paths[path]![method]!.responses[String(status)]!;
      const sent = telling.filter((name) => headers[name] !== undefined);
      expect(Object.keys(documented.headers)).toEqual(expect.arrayContaining(sent));
      const type = headers['content-type']?.split(';', 1)[0];
      expect(Object.keys(documented.content ?? {})).toEqual(type === undefined ? [] : [type]);
    }
  });
});

describe('/docs', () => {
  it('shows the API to people, with scripts from its own origin only', async () => {
    const { get } = await startApi();
    const page = await get('/docs');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc="\.\/)/);
    for (const [, path] of page.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
      expect((await get(`/${path!}`)).status).toBe(200);
    }
  });
});
