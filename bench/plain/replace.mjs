/**
 * Preload that runs a service without parts of the fast path. PLAIN_PARTS names the parts, separated by commas; each
 * module of that name is replaced by the file of the same name in this folder.
 */
import { register } from 'node:module';

const parts = (process.env['PLAIN_PARTS'] ?? '').split(',').filter(Boolean);
register('./hooks.mjs', import.meta.url, { data: parts });
