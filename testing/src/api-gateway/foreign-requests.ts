import type { Route } from './routes.js';
import { anOrder } from './start-api.js';

/** What a request can name. */
export type Names = {
  ids: readonly string[];
  customerId: string;
  cursors: readonly string[];
  keys: readonly string[];
};

/** An operation of /openapi.json. */
export type Operation = {
  security?: Record<string, string[]>[];
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<string, { headers?: object }>;
};

export type Attempt = {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload?: string;
  /** Whether path, query or body name an id or a customer. */
  isNamed: boolean;
};

/** Each header of a request that could get at data, with its values. */
const HEADERS: Record<string, (names: Names) => readonly string[]> = {
  'if-none-match': () => ['*', '"v1"', 'W/"v3"'],
  'last-event-id': () => ['0', '1', '3'],
  'idempotency-key': ({ keys }) => keys,
  'x-correlation-id': () => ['of-another'],
};

const QUERIES: Record<string, (names: Names) => readonly string[]> = {
  limit: () => ['1'],
  customerId: ({ customerId }) => [customerId],
  cursor: ({ cursors }) => cursors,
};

const BODIES: Record<string, (names: Names) => object[]> = {
  CreateOrderRequest: ({ customerId }) => [anOrder({ customerId })],
  CreateNotificationRequest: ({ ids }) => ids.map((orderId) => ({ orderId, channel: 'SMS', message: 'Mine' })),
};

/** @throws if nobody has said yet what a new parameter, header or body of the API could be */
function known<T>(table: Record<string, T>, name: string): T {
  const found = table[name];
  if (!found) throw new Error(`foreign-requests.ts does not know ${name} yet: add its values`);
  return found;
}

function queriesOf(parameters: readonly string[], names: Names): string[] {
  const single = parameters.map((name) => known(QUERIES, name)(names).map((value) => `${name}=${value}`));
  const all = single.flatMap((values) => values.slice(0, 1)).join('&');
  return ['', ...single.flat(), all].map((query) => (query === '' ? '' : `?${query}`));
}

function bodiesOf({ requestBody }: Operation, names: Names): (string | undefined)[] {
  const reference = requestBody?.content['application/json']?.schema.$ref;
  if (reference === undefined) return [undefined];
  const schema = reference.split('/').at(-1) ?? '';
  return known(BODIES, schema)(names).map((body) => JSON.stringify(body));
}

/** Requests of one route that name what the names say, in every place where a request can: path, query, body, headers. */
export function requestsNaming({ method, url }: Route, operation: Operation, names: Names): Attempt[] {
  const parametersIn = (place: string) =>
    (operation.parameters ?? []).flatMap((parameter) => (parameter.in === place ? [parameter.name] : []));
  for (const name of parametersIn('header')) known(HEADERS, name.toLowerCase());
  const hasId = url.includes(':');
  const paths = hasId ? names.ids.map((id) => url.replaceAll(/:\w+/g, id)) : [url];
  // Every header, also where the document has none.
  const headers = Object.entries(HEADERS).flatMap(([name, values]) =>
    values(names).map((value) => ({ [name]: value })),
  );
  const attempts: Attempt[] = [];
  for (const path of paths) {
    for (const query of queriesOf(parametersIn('query'), names)) {
      for (const payload of bodiesOf(operation, names)) {
        const isNamed = hasId || query.includes('customerId=') || payload !== undefined;
        for (const given of [{}, ...headers]) {
          const type: Record<string, string> = payload === undefined ? {} : { 'content-type': 'application/json' };
          attempts.push({ method, url: `${path}${query}`, headers: { ...type, ...given }, payload, isNamed });
        }
      }
    }
  }
  return attempts;
}
