import { writeSync } from 'node:fs';

const STDOUT = 1;
const PART = /\/platform\/dist\/(?:aws\/fast-path|validation)\/([\w-]+)\.js$/;
/** @type {readonly string[]} */
let parts = [];

/** @param {string[]} data */
export function initialize(data) {
  parts = data;
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const part = PART.exec(resolved.url)?.[1];
  if (part === undefined || !parts.includes(part)) return resolved;
  // The benchmark looks for this line: it proves that the part was replaced.
  writeSync(STDOUT, `${JSON.stringify({ message: 'plain', part })}\n`);
  return nextResolve(new URL(`${part}.mjs`, import.meta.url).href, context);
}
