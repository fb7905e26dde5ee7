import { afterEach, expect, jest } from '@jest/globals';
import { createLogger } from '@orderflow/platform/runtime/logger';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What a logger writes to stdout. winston's console transport writes to the console's own stream. */
export function captureLogger(format: 'json' | 'pretty', level = 'debug', redact: string[] = []) {
  const stream = (console as unknown as { _stdout?: NodeJS.WritableStream })._stdout ?? process.stdout;
  const written: string[] = [];
  jest.spyOn(stream, 'write').mockImplementation((text: unknown) => {
    written.push(String(text));
    return true;
  });
  const logger = createLogger({ service: 'a-worker', level, format, redact, leading: ['orderId', 'notificationId'] });
  return {
    logger,
    text: () => written.join(''),
    json: () => JSON.parse(written.join('')) as Record<string, unknown>,
    /** Without its time, which must look like one. */
    line: () => {
      const text = written.join('');
      expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} .*\n$/s);
      return text.slice(13, -1);
    },
  };
}
