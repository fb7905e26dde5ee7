import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { ProcessEnv } from '../runtime/config.js';

export const REFUSAL_STATUSES = {
  MALFORMED_REQUEST: 400,
  HOST_NOT_ALLOWED: 421,
  ORIGIN_NOT_ALLOWED: 403,
  WEBSOCKET_REFUSED: 400,
};

export type Refusal = { code: keyof typeof REFUSAL_STATUSES; detail: string };

type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

/**
 * Decides by the head of a request. Returns why it must be refused, or undefined.
 * @param ownOriginOnly also refuses reads by pages of other origins. Their writes are always refused.
 */
export type RequestGuard = (request: RequestHead, options?: { ownOriginOnly?: boolean }) => Refusal | undefined;

const REFUSALS = {
  hosts: { code: 'MALFORMED_REQUEST', detail: 'A request must have a Host header, and no more than one.' },
  host: {
    code: 'HOST_NOT_ALLOWED',
    detail: 'The Host header names a host that this service does not answer for; ALLOWED_HOSTS adds names.',
  },
  origin: { code: 'ORIGIN_NOT_ALLOWED', detail: 'This request comes from a web page of another origin.' },
  webSocket: { code: 'WEBSOCKET_REFUSED', detail: 'There are no WebSockets here.' },
} as const satisfies Record<string, Refusal>;

const READS: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];
/** `host [ ":" port ]` as in https://www.rfc-editor.org/rfc/rfc9110#field.host, without percent-encoding. */
const AUTHORITY = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d{0,5})?$/i;
const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i;

/** Ignores case, and the dot of the DNS root at the end. */
const normalized = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** `headers` would contain only the first of several Host headers. */
const hostsOf = ({ rawHeaders }: RequestHead): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');

/**
 * The host of a request. A target in absolute form must name the same host as the header:
 * https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
function authorityOf({ url = '' }: RequestHead, host: string): string | undefined {
  if (url.startsWith('/') || url === '*') return host;
  return ABSOLUTE_FORM.exec(url)?.[1]?.toLowerCase() === host.toLowerCase() ? host : undefined;
}

/** The scheme may differ, because TLS ends in front of the services. */
function isSameOrigin(origin: string, authority: string): boolean {
  const [, scheme] = /^(https?:)\/\//i.exec(origin) ?? [];
  if (scheme === undefined) return false;
  const own = `${scheme}//${authority}`;
  return URL.canParse(origin) && URL.canParse(own) && new URL(origin).host === new URL(own).host;
}

/** Whether the request comes from a page of this service or from no page at all. Pages cannot set these headers. */
function isFromOwnOrigin({ origin, 'sec-fetch-site': site }: IncomingMessage['headers'], authority: string): boolean {
  const siteIsOwn = site === undefined || site === 'same-origin' || site === 'none';
  return siteIsOwn && (origin === undefined || isSameOrigin(origin, authority));
}

/**
 * Keeps web pages away from a listener without authentication.
 *
 * Host must be `localhost`, the service's name in Compose, HOST, a name in ALLOWED_HOSTS, or any IP address. DNS rebinding
 * needs a name under the attacker's control, so addresses are safe. Probes, and the API's requests to each worker replica,
 * use addresses. Names under `localhost` are refused, because some resolvers look them up.
 */
export function createRequestGuard(
  service: string,
  { HOST, ALLOWED_HOSTS = '' }: Pick<ProcessEnv, 'HOST' | 'ALLOWED_HOSTS'>,
): RequestGuard {
  const names = new Set(
    ['localhost', service, HOST, ...ALLOWED_HOSTS.split(',')].map((name) => normalized(name.trim())),
  );
  names.delete('');

  function isAllowed(authority: string): boolean {
    const [, bracketed, name = ''] = AUTHORITY.exec(authority) ?? [];
    if (bracketed !== undefined) return isIPv6(bracketed);
    return isIPv4(name) || names.has(normalized(name));
  }

  return (request, { ownOriginOnly = false } = {}) => {
    // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    const [host, ...others] = hostsOf(request);
    if (host === undefined || others.length > 0) return REFUSALS.hosts;
    const authority = authorityOf(request, host);
    if (authority === undefined || !isAllowed(authority)) return REFUSALS.host;
    if (/\bwebsocket\b/i.test(request.headers.upgrade ?? '')) return REFUSALS.webSocket;
    const forOwnOrigin = ownOriginOnly || !READS.includes(request.method);
    return forOwnOrigin && !isFromOwnOrigin(request.headers, authority) ? REFUSALS.origin : undefined;
  };
}
