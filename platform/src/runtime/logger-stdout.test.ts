import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { captureLogger } from '@orderflow/testing/capture-logger';

describe('lines of one turn of the event loop', () => {
  it('are written at once, at its end', async () => {
    await setImmediate();
    const { logger } = captureLogger('json');
    const cork = jest.spyOn(process.stdout, 'cork').mockImplementation(() => undefined);
    const uncork = jest.spyOn(process.stdout, 'uncork').mockImplementation(() => undefined);
    logger.info('one');
    logger.info('two');
    logger.debug('three');
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 0]);
    await setImmediate();
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 1]);
  });

  it('are written early with a warning or an error', async () => {
    await setImmediate();
    const { logger } = captureLogger('json');
    jest.spyOn(process.stdout, 'cork').mockImplementation(() => undefined);
    const uncork = jest.spyOn(process.stdout, 'uncork').mockImplementation(() => undefined);
    logger.info('one');
    expect(uncork).toHaveBeenCalledTimes(0);
    logger.warn('two');
    expect(uncork).toHaveBeenCalledTimes(1);
    logger.error('three');
    expect(uncork).toHaveBeenCalledTimes(2);
    await setImmediate();
    expect(uncork).toHaveBeenCalledTimes(2);
  });

  it('are written when the process exits during the turn', () => {
    const script = `
      import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};
      const logger = createLogger({ service: 'a-worker', level: 'info', format: 'pretty' });
      logger.info('last words');
      process.exit(3);`;
    const options = ['--no-warnings', '--import', 'tsx', '--input-type=module', '--eval', script];
    const { status, stdout } = spawnSync(process.execPath, options, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect({ status, stdout }).toEqual({ status: 3, stdout: expect.stringMatching(/INFO {2}last words\n$/) });
  });

  it.each([
    ...(existsSync('/dev/full') ? [['has no room', 'exec 1>/dev/full'] as const] : []),
    ['has no reader', 'exec 1> >(exit 0)'],
    ['is closed', 'exec 1>&-'],
  ])('are lost without harm when stdout %s', (_, redirect) => {
    const script = `
      import { setTimeout } from 'node:timers/promises';
      import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)};
      const logger = createLogger({ service: 'a-worker', level: 'info', format: 'json' });
      for (let turn = 0; turn < 5; turn++) {
        logger.info('gathered');
        logger.warn('at once');
        await setTimeout(20);
      }
      process.exit(3);`;
    const command = `${redirect}; sleep 0.1; exec "$0" --no-warnings --import tsx --input-type=module --eval "$1"`;
    const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const;
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, script], options);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
  });
});
