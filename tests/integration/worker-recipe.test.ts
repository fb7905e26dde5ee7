/** Follows the recipe "A worker" of CONTRIBUTING.md in a copy of the project. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyCheckout } from '../support/copy-checkout.js';
import { EDITS } from '../support/shipping-edits.js';
import { NEW_FILES } from '../support/shipping-worker.js';

const FILES = [...Object.keys(NEW_FILES), ...Object.keys(EDITS)];
/** What runs the worker in Compose, and what npm writes. */
const ASIDE = /^compose|^\.env|^observability|^package-lock/;
const MAX_FILES = 12;
/** A build, and tests, on a busy machine. */
const SOON_MS = 300_000;

/** Tests that a forgotten list would fail. */
const COMPARES_LISTS = [
  ...['tests/support/topology', 'tests/support/least-privilege', 'tests/support/environment'],
  ...['tests/support/doctor', 'domain/', 'asyncapi'],
  ...['live/live.test', 'queue-retention', 'api-gateway/page', 'orderctl/src/dead-letters'],
];

/** Prints the queues that orderctl and AsyncAPI know. The tests of the page compare its queues with the list. */
const LOOK = `
const [{ resourceNames }, { readQueues }, { asyncApiDocument }] = await Promise.all([
  import('./contracts/dist/index.js'),
  import('./tools/orderctl/dist/status/parts.js'),
  import('./services/api-gateway/dist/documentation/asyncapi.js'),
]);
const names = resourceNames('local');
const sqs = { send: async () => ({ Attributes: {} }) };
const urlOf = async (queue) => queue;
const { channels, operations } = asyncApiDocument(names);
console.log(JSON.stringify({
  status: await readQueues({ aws: { sqs }, names, urlOf }),
  asyncApi: { channels, operations },
}));`;

describe('the recipe for a worker', () => {
  let copy: string;
  const original: Record<string, string> = {};

  function run(...args: string[]): { status: number | null; output: string } {
    const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', env });
    return { status, output: `${stdout}${stderr}` };
  }
  const build = () =>
    run('node_modules/typescript/bin/tsc', '-b', 'services', 'services/api-gateway/page', 'tools/orderctl');
  const test = (...paths: string[]) =>
    run('node_modules/jest/bin/jest.js', '--selectProjects', 'unit', '--testPathPatterns', ...paths);
  const written = async (path: string, content: string) => {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), content);
  };
  const follow = async (path: string) => written(path, NEW_FILES[path] ?? EDITS[path]?.(original[path] ?? '') ?? '');

  beforeAll(async () => {
    copy = await copyCheckout();
    for (const path of Object.keys(EDITS)) original[path] = await readFile(join(copy, path), 'utf8');
    for (const path of FILES) await follow(path);
  }, SOON_MS);
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it('names every file, and these are few', () => {
    const contributing = readFileSync(join(copy, 'CONTRIBUTING.md'), 'utf8');
    const recipes = ['An event', 'A worker'].map((name) => contributing.split(`\n### ${name}\n`)[1]?.split('\n##')[0]);
    const isNamed = (path: string) =>
      recipes.join().includes(`\`${path.replace('shipping-worker', '<worker>').replace('ship-order', '<handler>')}\``);
    expect(FILES.filter((path) => !isNamed(path))).toEqual([]);
    expect(FILES.filter((path) => !ASIDE.test(path)).length).toBeLessThanOrEqual(MAX_FILES);
  });

  it(
    'produces a worker that compiles and passes its own tests and those of the lists',
    () => {
      expect(build()).toEqual({ status: 0, output: '' });
      const { status, output } = test('services/.*-worker/', ...COMPARES_LISTS);
      expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
    },
    SOON_MS,
  );

  it('makes its queues known to orderctl and AsyncAPI', () => {
    const { output } = run('--input-type=module', '--eval', LOOK);
    const queues = [
      expect.objectContaining({ name: 'local-shipping-queue', role: 'work' }),
      expect.objectContaining({ name: 'local-shipping-queue-dlq', role: 'dead-letter' }),
    ];
    expect(JSON.parse(output)).toMatchObject({
      status: expect.arrayContaining(queues),
      asyncApi: {
        channels: { shippingQueue: { address: 'local-shipping-queue' } },
        operations: { shipOrders: { action: 'receive' }, publishFromShippingWorker: { action: 'send' } },
      },
    });
    const help = run('tools/orderctl/dist/main.js', 'dlq', 'list', '--help').output;
    expect(help).toContain('orders, notifications, shipments or undelivered');
  });

  it.each(FILES)(
    'fails without %s',
    async (path) => {
      const before = original[path];
      if (before === undefined) await rm(join(copy, path));
      else await written(path, before);
      const tested = test('services/shipping-worker/', 'tests/support/topology');
      const passes = tested.status === 0 && build().status === 0;
      await follow(path);
      expect(passes).toBe(false);
    },
    SOON_MS,
  );
});
