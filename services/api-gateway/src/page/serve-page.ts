import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const PAGE = fileURLToPath(new URL('../../page/', import.meta.url));
/** The browser loads the library's own files. */
const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot/dist/uPlot.esm.js'));

/** The page loads from its own origin only, runs no inline scripts, and cannot be framed. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Browsers revalidate each time and get 304 unless the file has changed. */
const CACHE_CONTROL = 'no-cache';

/** One route per file, so that unknown paths get 404 and other methods 405, as everywhere. */
const FILES = { decorateReply: false, wildcard: false, index: false as const, cacheControl: false };

/** Serves the live page at `/` and its files under `/page/`. */
export async function servePage(server: FastifyInstance): Promise<void> {
  // Use a separate Fastify context, so that the hook does not reach other routes.
  await server.register(async (page) => {
    page.addHook('onSend', (_, reply, payload, done) => {
      if (reply.statusCode < 400) {
        void reply.header('content-security-policy', CONTENT_SECURITY_POLICY).header('cache-control', CACHE_CONTROL);
      }
      done(null, payload);
    });
    await page.register(fastifyStatic, {
      ...FILES,
      decorateReply: true,
      root: PAGE,
      prefix: '/page/',
      globIgnore: ['**/*.ts', 'index.html', 'tsconfig.json'],
    });
    await page.register(fastifyStatic, {
      ...FILES,
      root: UPLOT,
      prefix: '/page/uplot/',
      globIgnore: ['*.cjs.js', '*.iife*', '*.d.ts'],
    });
    page.get('/', (_, reply) => reply.sendFile('index.html'));
  });
}
