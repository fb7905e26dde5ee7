import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { ApiEnv } from '../config.js';

const PAGE = fileURLToPath(new URL('../../page/', import.meta.url));
/** The browser loads the libraries' own files. */
const { resolve } = createRequire(import.meta.url);
const UPLOT = dirname(resolve('uplot/dist/uPlot.esm.js'));
/** Libraries of one file: its folder, by the name of the library. */
const LIBRARIES = {
  oauth4webapi: dirname(resolve('oauth4webapi')),
  'eventsource-parser': dirname(resolve('eventsource-parser')),
};

type Settings = Pick<ApiEnv, 'AUTH_MODE' | 'OIDC_ISSUER' | 'OIDC_PAGE_ORIGINS'>;

/** The origins at which the page signs in. */
function originsOfSignIn({
  AUTH_MODE: mode,
  OIDC_ISSUER: issuer,
  OIDC_PAGE_ORIGINS: further = '',
}: Settings): string[] {
  if (mode === 'off' || issuer === undefined) return [];
  return [issuer, ...further.split(',').filter(Boolean)].map((url) => new URL(url.trim()).origin);
}

/**
 * The page loads from its own origin only, runs no inline scripts, and cannot be framed. It signs in at the issuer.
 */
const contentSecurityPolicy = (settings: Settings): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...originsOfSignIn(settings)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** Browsers revalidate each time and get 304 unless the file has changed. */
const CACHE_CONTROL = 'no-cache';

/** One route per file, so that unknown paths get 404 and other methods 405, like everywhere else. */
const FILES = { decorateReply: false, wildcard: false, index: false as const, cacheControl: false };

/** Serves the live page at `/` and its files under `/page/`. */
export async function servePage(server: FastifyInstance, settings: Settings): Promise<void> {
  const policy = contentSecurityPolicy(settings);
  // Use a separate Fastify context, so that the hook does not reach other routes.
  await server.register(async (page) => {
    page.addHook('onSend', (_, reply, payload, done) => {
      if (reply.statusCode < 400) {
        void reply.header('content-security-policy', policy).header('cache-control', CACHE_CONTROL);
      }
      done(null, payload);
    });
    await page.register(fastifyStatic, {
      ...FILES,
      decorateReply: true,
      root: PAGE,
      prefix: '/page/',
      globIgnore: ['**/*.ts', 'index.html', 'tsconfig.json', '*.tsbuildinfo'],
    });
    await page.register(fastifyStatic, {
      ...FILES,
      root: UPLOT,
      prefix: '/page/uplot/',
      globIgnore: ['*.cjs.js', '*.iife*', '*.d.ts'],
    });
    for (const [name, folder] of Object.entries(LIBRARIES)) {
      page.get(`/page/${name}/index.js`, (_, reply) => reply.sendFile('index.js', folder));
    }
    page.get('/', (_, reply) => reply.sendFile('index.html'));
  });
}
