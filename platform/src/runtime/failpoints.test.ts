import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseEnv, ProcessEnv } from './config.js';
import { ConfigError } from './errors.js';
import { armFailpoints, FAILPOINTS, failpoint } from './failpoints.js';

const configOf = (env: NodeJS.ProcessEnv) => parseEnv(ProcessEnv, env);

describe('the configuration', () => {
  it('accepts every failpoint, alone, with a hit count or with a probability', () => {
    const spec = FAILPOINTS.map((name, index) => `${name}${['', '=3', '=12.5%'][index % 3] ?? ''}`).join(', ');
    expect(configOf({ FAILPOINTS: spec }).FAILPOINTS).toBe(spec);
    expect(configOf({ NODE_ENV: 'chaos', FAILPOINTS: 'worker.after-claim' })).toMatchObject({
      FAILPOINTS: 'worker.after-claim',
    });
  });

  it.each(['nowhere', 'worker.after-claim=0', 'worker.after-claim=x', 'worker.after-claim=10 %', ','])(
    'rejects %j and lists all failpoints',
    (spec) => {
      expect(() => configOf({ FAILPOINTS: spec })).toThrow(ConfigError);
      expect(() => configOf({ FAILPOINTS: spec })).toThrow(/sweeper\.after-take/);
    },
  );

  it('is rejected in production, where it may be absent', () => {
    expect(() => configOf({ NODE_ENV: 'production', FAILPOINTS: 'worker.after-claim' })).toThrow(/production/);
    expect(configOf({ NODE_ENV: 'production' }).FAILPOINTS).toBeUndefined();
  });
});

describe('an armed failpoint', () => {
  const died = { signals: [] as unknown[] };
  beforeEach(() => {
    died.signals = [];
    jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
      died.signals.push([pid, signal]);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const hits = (times: number): number => {
    for (let hit = 0; hit < times; hit++) failpoint('worker.after-claim');
    return died.signals.length;
  };

  it('kills its process; other failpoints do not', () => {
    armFailpoints('worker.after-claim');
    failpoint('worker.after-finish');
    expect(died.signals).toEqual([]);
    failpoint('worker.after-claim');
    expect(died.signals).toEqual([[process.pid, 'SIGKILL']]);
  });

  it('kills at the given hit', () => {
    armFailpoints('api.after-insert,worker.after-claim=3');
    expect(hits(2)).toBe(0);
    expect(hits(1)).toBe(1);
  });

  it('kills with its probability', () => {
    const draws = [0.2, 0.099, 0.1, 0.5];
    armFailpoints('worker.after-claim=10%', () => draws.shift() ?? 1);
    expect(hits(1)).toBe(0);
    expect(hits(1)).toBe(1);
    expect(hits(10)).toBe(1);
  });

  it('stays armed when called without a spec', () => {
    armFailpoints('worker.after-claim=100%');
    armFailpoints(undefined);
    expect(hits(2)).toBe(2);
  });
});
