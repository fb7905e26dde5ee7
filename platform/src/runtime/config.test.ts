import { describe, expect, it } from '@jest/globals';
import { IsCount, IsPort, parseEnv, ProcessEnv } from './config.js';
import { ConfigError } from './errors.js';

class Env extends ProcessEnv {
  @IsPort()
  PORT = 3000;

  @IsCount(1, 10)
  LOW = 2;

  @IsCount(1, 10)
  HIGH = 3;
}

const rules = ({ LOW, HIGH }: Env) => (LOW < HIGH ? [] : ['LOW must be less than HIGH']);

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    parseEnv(Env, env, rules);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('parseEnv', () => {
  it('has a default for every key, and treats a blank value as unset', () => {
    for (const env of [{}, { PORT: '', STAGE: ' ', AWS_ENDPOINT_URL: '' }]) {
      expect(parseEnv(Env, env)).toMatchObject({ PORT: 3000, STAGE: 'local', LOG_FORMAT: 'json' });
      expect(parseEnv(Env, env).AWS_ENDPOINT_URL).toBeUndefined();
      expect(parseEnv(Env, env).RETENTION_DAYS).toBeUndefined();
    }
  });

  it('reads numbers as numbers and trims', () => {
    const env = parseEnv(Env, { PORT: ' 0 ', LOW: '1', STAGE: ' prod ', AWS_ENDPOINT_URL: 'http://localstack:4566' });
    expect(env).toMatchObject({ PORT: 0, LOW: 1, STAGE: 'prod', AWS_ENDPOINT_URL: 'http://localstack:4566' });
  });

  it('reads the tracing settings', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(parseEnv(Env, env)).toMatchObject({ ...env, OTEL_TRACES_SAMPLER_ARG: 0.25 });
    expect(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'jaeger', OTEL_TRACES_SAMPLER_ARG: '2' })).toHaveLength(2);
    expect(problemsOf({ OTEL_TRACES_SAMPLER_ARG: 'always' })).toContain(
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.25',
    );
    expect(problemsOf({ LOG_REDACT: 'customerId,' })).toEqual([
      'LOG_REDACT must be names of fields, separated by commas',
    ]);
  });

  it('is frozen and contains only its own keys', () => {
    const env = parseEnv(Env, { PATH: '/bin', SECRET: 's' });
    expect(Object.isFrozen(env)).toBe(true);
    expect(env).not.toHaveProperty('PATH');
    expect(env).not.toHaveProperty('SECRET');
  });

  it('reports all problems at once, by key and without values', () => {
    const bad = {
      STAGE: 'Hunter2!',
      AWS_REGION: 'hunter2',
      AWS_ENDPOINT_URL: 'hunter2://x',
      HOST: 'hunter2/',
      LOG_LEVEL: 'hunter2',
      LOG_FORMAT: 'hunter2',
      SHUTDOWN_TIMEOUT_MS: 'hunter2',
      PORT: '65536',
      LOW: '1.5',
      HIGH: '99',
    };
    const problems = problemsOf(bad);
    for (const key of Object.keys(bad))
      expect(problems.filter((problem) => problem.startsWith(`${key} `))).not.toEqual([]);
    expect(problems.join('\n')).not.toMatch(/hunter2|65536|1\.5|99/i);
    expect(() => parseEnv(Env, bad)).toThrow(/^The configuration is not usable:\n( {2}- .+\n?)+$/);
  });

  it.each([
    ['PORT', '-1'],
    ['PORT', 'http'],
    ['PORT', 'Infinity'],
    ['LOW', '0'],
    ['LOW', '11'],
    ['STAGE', '1st'],
    ['STAGE', 'a'.repeat(21)],
    ['AWS_ENDPOINT_URL', 'localstack:4566'],
    ['LOG_LEVEL', 'INFO'],
    ['ALLOWED_HOSTS', 'shop.example:443'],
    ['ALLOWED_HOSTS', '*'],
    ['ALLOWED_HOSTS', 'a,,b'],
    ['RETENTION_DAYS', '29'],
    ['RETENTION_DAYS', '3651'],
    ['RETENTION_DAYS', '30.5'],
    ['RETENTION_DAYS', 'forever'],
  ])('refuses %s=%s', (key, value) => {
    const problems = problemsOf({ [key]: value });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((problem) => problem.startsWith(`${key} `))).toBe(true);
  });

  it.each(['0x10', '1e1', '+5', '5.0', '05', '-0', '5_0', '0b1', '0o7', '5n', '٥', '５', '5,0', '5 0', 'true', '[5]'])(
    'rejects %j as a number',
    (text) => {
      for (const key of ['PORT', 'LOW', 'SHUTDOWN_TIMEOUT_MS']) {
        expect(problemsOf({ [key]: text })).toContain(`${key} must be a whole number in digits`);
      }
    },
  );

  it.each(['0x1', '1e-1', '+0.5', '.5', '1.', '00.5', '0,5', '-0'])('rejects %j as a fraction of traces', (text) => {
    expect(problemsOf({ OTEL_TRACES_SAMPLER_ARG: text })).toContain(
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.25',
    );
  });

  it('checks the rules between keys once each key is valid', () => {
    expect(problemsOf({ LOW: '5', HIGH: '5' })).toEqual(['LOW must be less than HIGH']);
    expect(problemsOf({ LOW: '50', HIGH: '5' }).join()).not.toContain('less than HIGH');
    expect(problemsOf({ LOW: '4', HIGH: '5' })).toEqual([]);
  });
});
