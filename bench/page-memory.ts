/** `npm run bench -- --page` fails if memory grows while the live page is open under a steady load. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession } from 'playwright-core';
import { eventually } from '@orderflow/testing/eventually';
import { createApiClient, orderFor } from '../tests/support/api-client.js';
import { openLivePage, startBrowser } from '../tests/support/browser.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../tests/support/embedded-system.js';
import { misused, readArguments } from '../tools/usage.mjs';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { mean } from './support/stats.js';
import { EMULATORS, useEmulator } from './support/use-emulator.js';

const USAGE =
  'npm run bench -- --page [--minutes <2 or more>] [--rate <orders a second, up to 1000>] [--emulator ministack|localstack]';
const { values } = readArguments(USAGE, {
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50' },
    emulator: { type: 'string', default: 'ministack' },
  },
});
const emulator = EMULATORS.find((kind) => kind === values.emulator);
const numberOf = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN);
const minutes = numberOf(values.minutes);
const rate = numberOf(values.rate);
if (!(minutes >= 2 && rate > 0 && rate <= 1_000) || !emulator) {
  misused(USAGE, 'Minutes, rate or emulator is out of range.');
}
leaveNothingBehind();
useEmulator(emulator);

const SAMPLE_EVERY_MS = 10_000;
/** Caches fill first. */
const WARM_AFTER_MS = 60_000;
const MAX_DRIFT_PERCENT = 10;
/** Each value is the mean of this many samples, because a single one may be an outlier. */
const AVERAGED = 3;
/** With more refusals than this, the load is too small for a verdict. */
const MAX_REFUSED_SHARE = 0.05;

const COLUMNS = ['page heap MB', 'page nodes', 'API heap MB', 'API RSS MB'] as const;
type Sample = { atMs: number; values: number[] };

const megabytes = (bytes: number): number => bytes / 1_048_576;

async function samplePage(cdp: CDPSession): Promise<number[]> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  const { nodes } = await cdp.send('Memory.getDOMCounters');
  return [megabytes(usedSize), nodes];
}

async function sampleApi(system: EmbeddedSystem, ordinal: number): Promise<number[]> {
  const [api] = system.instances('api-gateway');
  const pid = api?.pid();
  if (!api || pid === undefined) throw new Error('the API is not running');
  api.signal('SIGWINCH');
  const heapUsed = await eventually(async () => {
    const line = (await api.logs()).split('\n').find((text) => text.startsWith(`{"heap":${ordinal},`));
    return line === undefined ? undefined : (JSON.parse(line) as { heapUsed: number }).heapUsed;
  }, 'the heap');
  const rssKilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return [megabytes(heapUsed), rssKilobytes / 1_024];
}

/** Places orders at the rate until `stop`. */
function placeOrders(system: EmbeddedSystem) {
  const api = createApiClient(() => system.apiUrl());
  const counts = { placed: 0, failed: 0 };
  const onFailure = (error: Error): void => {
    if (counts.failed++ === 0) console.log(`First refusal: ${error.message}`);
  };
  let due = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    due += ((performance.now() - last) / 1_000) * rate;
    last = performance.now();
    for (; due >= 1; due--) {
      api.createOrder(orderFor('coffee-beans', 'Coffee beans, 1 kg')).then(() => counts.placed++, onFailure);
    }
  }, 20);
  return {
    counts,
    stop: () => {
      clearInterval(timer);
    },
  };
}

const row = (...cells: (string | number)[]): void => {
  console.log(cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell).padStart(13)).join(' '));
};

const preload = new URL('support/tell-heap.mjs', import.meta.url).href;
const system = await startEmbeddedSystem({
  emulator,
  // The defaults. The tests' timings sweep ten times as often, and MiniStack reads the whole index each time.
  timings: {},
  // With the default of 500 ms one worker completes only 40 orders a second.
  env: { FULFILMENT_DELAY_MS: '100', LOG_FORMAT: 'json' },
  envOf: { 'api-gateway': { NODE_OPTIONS: `--import=${preload}`, LOG_LEVEL: 'warn' } },
  build: false,
});
const browser = await startBrowser();
const samples: Sample[] = [];
let refusedShare: number;
try {
  const { page } = await openLivePage(browser, await system.apiUrl());
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.enable');
  const load = placeOrders(system);
  const startedAt = performance.now();
  row('after s', ...COLUMNS, 'orders', 'refused');
  while (performance.now() - startedAt < minutes * 60_000) {
    await sleep(SAMPLE_EVERY_MS);
    const atMs = performance.now() - startedAt;
    const sample = { atMs, values: [...(await samplePage(cdp)), ...(await sampleApi(system, samples.length + 1))] };
    samples.push(sample);
    row((atMs / 1_000).toFixed(0), ...sample.values, String(load.counts.placed), String(load.counts.failed));
  }
  load.stop();
  refusedShare = load.counts.failed / (load.counts.placed + load.counts.failed);
} finally {
  await browser.close();
  await system.dispose();
}

const warm = samples.filter(({ atMs }) => atMs >= WARM_AFTER_MS);
const drifts = COLUMNS.map((_, column) => {
  const meanOf = (some: Sample[]): number => mean(some.map(({ values }) => values[column] ?? NaN));
  return (meanOf(warm.slice(-AVERAGED)) / meanOf(warm.slice(0, AVERAGED)) - 1) * 100;
});
row('drift %', ...drifts);
const isSteady = drifts.every((drift) => drift <= MAX_DRIFT_PERCENT);
console.log(`Memory ${isSteady ? 'did not grow' : 'grew'} by more than ${MAX_DRIFT_PERCENT} %.`);
const isLoaded = refusedShare <= MAX_REFUSED_SHARE;
if (!isLoaded) console.log('Too many orders were refused: the load was too small.');
process.exitCode = isSteady && isLoaded ? 0 : 1;
