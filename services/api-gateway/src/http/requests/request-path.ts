import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A path without a route. */
const NOWHERE = '/-';

/** Targets that the router cannot parse. */
const unreadable = new WeakMap<IncomingMessage, string>();

/** The path as the client wrote it, without the query. */
export function pathOf({ raw, url }: FastifyRequest): string {
  const target = unreadable.get(raw) ?? url;
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  return path === '' ? '/' : path;
}

/** The path as the router matches it: `/%61pi` is `/api`. */
export function decodedPathOf(request: FastifyRequest): string {
  const path = pathOf(request);
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

export function isUnreadable({ raw }: FastifyRequest): boolean {
  return unreadable.has(raw);
}

/** Routes a request with an unparsable target again, to a path without a route, so that every hook sees it. */
export function routeToNowhere(server: FastifyInstance, { raw }: FastifyRequest, response: unknown): void {
  unreadable.set(raw, raw.url ?? '');
  raw.url = NOWHERE;
  server.routing(raw, response as Parameters<typeof server.routing>[1]);
}
