import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessEnv } from './config.js';
import { createProcessLogger } from './logger.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('createProcessLogger', () => {
  it('logs at debug from one SIGUSR2 to the next, and logs both changes', () => {
    const stream = (console as unknown as { _stdout?: NodeJS.WritableStream })._stdout ?? process.stdout;
    const written: string[] = [];
    jest.spyOn(stream, 'write').mockImplementation((text: unknown) => {
      written.push((JSON.parse(String(text)) as { message: string }).message);
      return true;
    });
    const env = Object.assign(new ProcessEnv(), { LOG_LEVEL: 'warn' as const });
    const signals = new EventEmitter();
    const logger = createProcessLogger('a-worker', env, [], signals);
    const child = logger.child({ queue: 'work' });

    child.info('before');
    signals.emit('SIGUSR2');
    child.debug('during');
    signals.emit('SIGUSR2');
    child.info('after');
    child.warn('still');
    expect(written).toEqual(['log level', 'during', 'log level', 'still']);
  });
});
