import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The import arrows: services use platform and contracts; those two use nothing of ours; no service uses another. */
function forbidImports(folder, patterns, message) {
  return {
    files: [`${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: patterns, message }] }] },
  };
}

const AWS_SDK = ['@aws-sdk/*', '@smithy/*'];

/** Where the wall clock is read: handed on as `now`, or shown to people. */
const READS_THE_WALL_CLOCK = [
  // Composition roots, and what stands in for them.
  '**/main.ts',
  'platform/src/testing/fake-*.ts',
  // Tests put items into tables with the times that services would give them.
  '**/*.test.ts',
  'tests/**/*.{ts,mjs}',
  // It shows times, and knows how far its clock is off.
  'services/api-gateway/page/*.js',
  // They compare times that others wrote with now, or write down when it was.
  'tools/doctor/*.mjs',
  'bench/run.ts',
  'bench/rows/growth.ts',
  // Written as most would write it.
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
  // The page is JavaScript that tsc checks; what it forgets to await would fail in silence.
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
    ['@orderflow/*', '**/platform/**', '**/services/**', ...AWS_SDK],
    'contracts imports nothing of ours and does no I/O.',
  ),
  forbidImports('platform', ['@orderflow/*', '**/contracts/**', '**/services/**'], 'platform knows no business word.'),
  ...['api-gateway', 'order-worker', 'notification-worker'].map((service) =>
    forbidImports(
      `services/${service}`,
      [
        '@orderflow/api-gateway',
        '@orderflow/order-worker',
        '@orderflow/notification-worker',
        '@aws-sdk/*',
        '@smithy/*',
        '**/services/**',
      ],
      'A service imports contracts and platform only; the AWS SDK stays behind platform.',
    ),
  ),
  forbidImports(
    'tools/orderctl',
    ['@orderflow/api-gateway', '@orderflow/order-worker', '@orderflow/notification-worker', '**/services/**'],
    "The operator's tools import contracts, platform and the AWS SDK; a service is none of their business.",
  ),
  forbidImports(
    'bench/peers',
    ['@orderflow/api-gateway', '@orderflow/order-worker', '@orderflow/notification-worker', '**/services/**'],
    'What the services are compared with is made of nothing of theirs.',
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
    files: ['**/*.test.ts', 'tests/**/*.ts', 'services/*/src/testing/*.ts', 'tools/orderctl/src/testing/*.ts'],
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
