import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A path that no route has. */
const NOWHERE = '/-';

/** Targets that the router cannot read. */
const unreadable = new WeakMap<IncomingMessage, string>();

/** Path of a request as the client has written it, without the query. */
export function pathOf({ raw, url }: FastifyRequest): string {
  const target = unreadable.get(raw) ?? url;
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  return path === '' ? '/' : path;
}

/** The path as the router compares it: `/%61pi` is `/api`. */
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

/** Sends a request whose target the router cannot read through it again, to nowhere: so that every hook sees it. */
export function routeToNowhere(server: FastifyInstance, { raw }: FastifyRequest, response: unknown): void {
  unreadable.set(raw, raw.url ?? '');
  raw.url = NOWHERE;
  server.routing(raw, response as Parameters<typeof server.routing>[1]);
}
