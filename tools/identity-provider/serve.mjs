/** The HTTP server of the provider. */
import { createServer } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { STYLES } from './pages.mjs';
import { createProvider } from './provider.mjs';
import { signIn } from './sign-in.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

/** A client must send a whole request in this time. */
const REQUEST_WITHIN_MS = 10_000;

/**
 * Forms may lead to the page, which is on loopback: browsers apply form-action to redirects, too. oidc-provider adds the
 * hash of its one script to script-src.
 */
const CONTENT_SECURITY_POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
  "form-action 'self' http://localhost:* http://127.0.0.1:*",
].join('; ');

// With no-referrer, Chromium sends `Origin: null` with the form of the sign-in.
const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** `host [ ":" port ]`: https://www.rfc-editor.org/rfc/rfc9110#field.host */
const AUTHORITY = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d{0,5})?$/i;

/**
 * Refuses names that others control, against DNS rebinding. The guard of the services would also refuse the page, whose
 * origin differs.
 * @param {Request} request @param {readonly string[]} names
 */
function namesThisHost({ rawHeaders, headers }, names) {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const [, bracketed, name = ''] = AUTHORITY.exec(headers.host ?? '') ?? [];
  const isKnown = bracketed === undefined ? isIPv4(name) || names.includes(name.toLowerCase()) : isIPv6(bracketed);
  return hosts.length === 1 && isKnown;
}

/** @param {Response} response @param {number} status @param {object} body */
function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/**
 * @param {import('./settings.mjs').Settings} settings @param {(line: string) => void} say
 * @returns {import('node:http').Server} not yet listening
 */
export function createIdentityServer(settings, say) {
  const provider = createProvider(settings);
  provider.on('server_error', (_, error) => say(`error: ${error.stack ?? error.message}`));
  const handle = provider.callback();
  const names = ['localhost', new URL(settings.issuer).hostname, ...settings.allowedHosts];

  /** @param {Request} request @param {Response} response */
  async function route(request, response) {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { pathname } = URL.parse(request.url ?? '', settings.issuer) ?? { pathname: '' };
    if (!namesThisHost(request, names)) {
      answer(response, 421, { error: 'The Host header names a host that this provider does not answer for.' });
    } else if (pathname === '/health/ready') {
      answer(response, 200, { status: 'ready' });
    } else if (pathname === '/style.css') {
      response.writeHead(200, { 'content-type': 'text/css' }).end(STYLES);
    } else if (/^\/sign-in\/[\w-]+$/.test(pathname) && ['GET', 'POST'].includes(request.method ?? '')) {
      await signIn(provider, request, response);
    } else {
      await handle(request, response);
    }
  }

  const limits = { requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS, requireHostHeader: false };
  return createServer(limits, (request, response) => {
    route(request, response).catch((/** @type {Error} */ error) => {
      say(`error: ${error.stack ?? error.message}`);
      if (response.headersSent) response.destroy();
      else answer(response, 500, { error: 'The provider has a defect; its log says more.' });
    });
  });
}
