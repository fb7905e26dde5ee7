import { availableParallelism } from 'node:os';

/** One Jest project per kind of test, so that each can be run alone: `npm test -- --selectProjects unit`. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Tests run against the sources: no build is needed, and a stale dist cannot lie.
  moduleNameMapper: {
    '^@orderflow/contracts$': '<rootDir>/contracts/src/index.ts',
    '^@orderflow/domain/(.*)$': '<rootDir>/domain/src/$1.ts',
    '^@orderflow/platform/(.*)$': '<rootDir>/platform/src/$1.ts',
    '^@orderflow/testing/(.*)$': '<rootDir>/testing/src/$1.ts',
    '^@orderflow/orderctl/(.*)$': '<rootDir>/tools/orderctl/src/$1.ts',
    // The API serves these libraries to the page here.
    '^\\./(oauth4webapi|eventsource-parser)/index\\.js$': '$1',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};

/** Everything that tests start in Docker is removed, whether they pass or fail. */
const withContainers = {
  ...common,
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
};

export default {
  // Two at least: Jest never frees the modules of a test file, and only workers are replaced when they get too large.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '1.5GB',
  // For `it.concurrent`: each such test runs a whole system.
  maxConcurrency: 3,
  // No test measures time, and a busy machine can stop for longer than Jest's 5 s.
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{contracts,domain,platform,services,testing}/**/src/**/*.test.ts',
        '<rootDir>/services/api-gateway/page/*.test.ts',
        '<rootDir>/tools/orderctl/src/**/*.test.ts',
        '<rootDir>/tests/support/**/*.test.ts',
        '<rootDir>/bench/**/*.test.ts',
      ],
    },
    { ...withContainers, displayName: 'integration', testMatch: ['<rootDir>/tests/integration/**/*.test.ts'] },
    { ...withContainers, displayName: 'chaos', testMatch: ['<rootDir>/tests/chaos/**/*.test.ts'] },
    { ...withContainers, displayName: 'scenarios', testMatch: ['<rootDir>/scenarios/**/*.test.ts'] },
    { ...withContainers, displayName: 'page', testMatch: ['<rootDir>/tests/page/**/*.test.ts'] },
    { ...withContainers, displayName: 'e2e', testMatch: ['<rootDir>/tests/e2e/**/*.test.ts'] },
  ],
};
