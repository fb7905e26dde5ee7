/**
 * Middleware that has no effect here. The first builds a log line from all input and output, but no logger is set; the
 * second marks calls of Lambda functions; the third describes the SDK to the service.
 */
const UNUSED = ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware'];

export function removeUnusedMiddleware(client: { middlewareStack: { remove(name: string): boolean } }): void {
  for (const name of UNUSED) client.middlewareStack.remove(name);
}
