import { describe, expect, it } from '@jest/globals';
import { parseEnv } from '../runtime/config.js';
import { WorkerEnv, workerRules } from './worker-env.js';

const load = (env: Record<string, string>) => parseEnv(WorkerEnv, env, workerRules);

describe('the environment of a worker', () => {
  it('has consistent defaults', () => {
    expect(load({})).toMatchObject({ POLLER_WEDGED_AFTER_MS: 60_000 });
  });

  it('rejects a wedged limit shorter than a poll', () => {
    const wait = { SQS_WAIT_TIME_SECONDS: '2' };
    expect(() => load({ ...wait, POLLER_WEDGED_AFTER_MS: '5000' })).toThrow(
      'POLLER_WEDGED_AFTER_MS must be more than SQS_WAIT_TIME_SECONDS and 3000 ms together',
    );
    expect(load({ ...wait, POLLER_WEDGED_AFTER_MS: '5001' }).POLLER_WEDGED_AFTER_MS).toBe(5_001);
  });
});
