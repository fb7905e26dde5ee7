/**
 * The fast path goes beyond the SDK's documented options and subclasses @aws-sdk/core, which is therefore pinned exactly.
 * Import this file only.
 *
 *   part               replaces                                   CPU time that it saves
 *   wire-json          the SDK's walk of each body by its schema  30–50 µs of 340–510 µs per call
 *   document-client    lib-dynamodb for BatchExecuteStatement     200 µs per call of 20 statements
 *   unused-middleware  middleware that has no effect here         380 µs per call of 20 statements, else up to 20 µs
 *
 * Per call: one process against a local server, medians of three runs; no command repeats this.
 * Without the fast path an order cost 12 % more CPU time in the API and 22 % more in the worker, at the same orders per second.
 * That included two more parts, since removed, worth about 1 %. Measure again with `npm run bench -- --plain --each`.
 *
 * To remove it, delete this folder. Then clients.ts drops the `protocol` options and uses DynamoDBDocumentClient.from,
 * publisher.ts sends a Date, and message-attributes.ts uses Buffers. bench/plain/ has these replacements.
 */
export { createDocumentClient } from './document-client.js';
export { removeUnusedMiddleware } from './unused-middleware.js';
export { bytesOf, wireBytes, wireJson10, wireJson11, wireTime } from './wire-json.js';
