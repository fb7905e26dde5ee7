/**
 * The fast path goes beyond the SDK's documented options and subclasses @aws-sdk/core, which is therefore pinned exactly.
 * Import this file only.
 *
 *   part               replaces                                            buys in CPU per order: API, worker
 *   wire-json          the SDK's walk of each body by its schema           @W
 *   document-client    lib-dynamodb for BatchExecuteStatement              @D
 *   unused-middleware  middleware that has no effect here                  @U
 *   all                                                                    @A
 *
 * Orders per second do not change. Measure again with `npm run bench -- --plain --each`.
 *
 * To remove it, delete this folder. Then clients.ts drops the `protocol` options and uses DynamoDBDocumentClient.from,
 * publisher.ts sends a Date, and message-attributes.ts uses Buffers. bench/plain/ has these replacements.
 */
export { createDocumentClient } from './document-client.js';
export { removeUnusedMiddleware } from './unused-middleware.js';
export { bytesOf, wireBytes, wireJson10, wireJson11, wireTime } from './wire-json.js';
