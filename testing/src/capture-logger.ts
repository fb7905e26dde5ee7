import { afterEach, expect, jest } from '@jest/globals';
import { createLogger } from '@orderflow/platform/runtime/logger';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Captures what a logger writes to stdout. winston writes to the console's stream. */
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
    /** The line without its timestamp. */
    line: () => {
      const text = written.join('');
      expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} .*\n$/s);
      return text.slice(13, -1);
    },
  };
}
