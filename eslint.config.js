import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { SERVICES } from './contracts/src/topology.js';

/**
 * The import arrows: services → domain → contracts, services → platform. Tests may also use the workspace testing, which
 * nothing that ships imports.
 */
function forbidImports(folder, patterns, message) {
  return {
    files: [`${folder}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: patterns, message }] }] },
  };
}

const AWS_SDK = ['@aws-sdk/*', '@smithy/*'];

const WORKSPACES = [...Object.keys(SERVICES), 'contracts', 'domain', 'orderctl', 'platform', 'testing'];
const WORKSPACES_BUT = (...allowed) =>
  WORKSPACES.filter((name) => !allowed.includes(name)).flatMap((name) => [
    `@orderflow/${name}`,
    `@orderflow/${name}/*`,
  ]);

/** Files that may read the wall clock, to pass it on as `now` or to show it. */
const READS_THE_WALL_CLOCK = [
  // Composition roots and their substitutes in tests.
  '**/main.ts',
  'testing/src/**',
  // Tests store items with the times that services would give them.
  '**/*.test.ts',
  'tests/**/*.{ts,mjs}',
  // The page shows times, and corrects its clock by the API's.
  'services/api-gateway/page/*.js',
  // These tools compare stored times with now, or record the time.
  'tools/local/ask.mjs',
  'bench/compare.ts',
  'bench/rows/growth.ts',
  // The straightforward peer is ordinary code on purpose.
  'bench/peers/**/*.ts',
];

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.local/', 'coverage/', 'logs/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `type` everywhere: object types here describe data and ports, nothing is merged or implemented.
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      // Decorated classes (Nest modules, DTOs) are often empty or static by design.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Contract classes describe plain data as well as instances; the records that carry it are never instances.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
    },
  },
  // The page is JavaScript that tsc checks; a missing await would fail silently.
  {
    files: ['services/api-gateway/page/*.js'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: false, project: './services/api-gateway/page/tsconfig.json' },
    },
    rules: { 'no-console': 'error' },
  },
  // Names are resolved by tsc, which checks these files too (tests/tsconfig.json).
  { files: ['**/*.js', '**/*.mjs'], rules: { 'no-undef': 'off' } },
  forbidImports(
    'contracts',
    ['@orderflow/*', '**/platform/**', '**/domain/**', '**/services/**', ...AWS_SDK],
    'contracts describes what crosses a wire. It imports no other workspace and does no I/O.',
  ),
  forbidImports(
    'domain',
    [...WORKSPACES_BUT('contracts'), '**/platform/**', '**/services/**', 'node:*', ...AWS_SDK],
    'domain holds pure rules. It imports contracts only and does no I/O.',
  ),
  forbidImports(
    'platform',
    [
      ...['@orderflow/*', '**/contracts/**', '**/domain/**', '**/services/**'],
      ...['**/fast-path/*', '!**/fast-path/fast-path.js', '**/validation/*', '!**/validation/validate.js'],
    ],
    'platform knows no business word, and uses fast-path/ and validation/ through one import each.',
  ),
  forbidImports(
    'services/*',
    [...WORKSPACES_BUT('contracts', 'domain', 'platform'), ...AWS_SDK, '**/services/**'],
    'A service imports domain, contracts and platform only. The AWS SDK stays behind platform.',
  ),
  forbidImports(
    'tools/orderctl',
    [...WORKSPACES_BUT('contracts', 'domain', 'platform'), '**/services/**'],
    'The operator tools import domain, contracts, platform and the AWS SDK, but no service.',
  ),
  {
    files: ['tools/**/*.mjs'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/tests/**', '**/testing/**'], message: 'Tests use the tools, not the reverse.' }] },
      ],
    },
  },
  forbidImports(
    'bench/peers',
    [...WORKSPACES_BUT('contracts', 'domain', 'platform'), '**/services/**'],
    'The systems that the benchmark compares with share no code with the services.',
  ),
  {
    ignores: READS_THE_WALL_CLOCK,
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message:
            'The wall clock jumps. Measure durations with a MonotonicClock or performance.now(); take times as a Clock.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'Take the time as an argument or from a Clock, so that tests own it.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts', 'testing/src/**/*.ts'],
    // Tests stand beside the code, but a service is built without them.
    languageOptions: { parserOptions: { projectService: false, project: './tests/tsconfig.json' } },
    rules: {
      // Test doubles implement async ports without awaiting anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['tests/support/**/*.ts', 'bench/**/*.ts'], rules: { 'no-console': 'off' } },
);
