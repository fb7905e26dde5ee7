/**
 * What the fast path buys: `npm run bench -- --plain` measures the system with it and without it, in turn. `--each` also
 * removes each SDK part alone. A preload replaces the modules (bench/plain/), so the services have no switch for it.
 */
import { parseArgs } from 'node:util';
import { measureSaturation } from './rows/saturation.js';
import { openPlaces, withSubject, type BenchSystem, type Places } from './support/bench-system.js';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { commandLine, wholeNumber } from './support/options.js';
import { median } from './support/stats.js';
import { align } from './support/table.js';

const SDK_PARTS = ['wire-json', 'document-client', 'unused-middleware'];
/** Variants by name: the modules that each one replaces. */
const WHOLE: Record<string, string[]> = { 'the SDK parts': SDK_PARTS, 'the validation plans': ['plan'] };
const EACH = Object.fromEntries(SDK_PARTS.map((part) => [part, [part]]));
const METRICS = { apiCpuMs: 'API', workerCpuMs: 'worker' } as const;

const USAGE = 'npm run bench -- --plain [--rounds 5] [--orders 3000] [--each] [--small]';

const { rounds, orders, each } = commandLine(USAGE, () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      orders: { type: 'string' },
      each: { type: 'boolean', default: false },
      small: { type: 'boolean', default: false },
    },
  });
  const { rounds = values.small ? '1' : '5', orders = values.small ? '500' : '3000', each } = values;
  return { rounds: wholeNumber('rounds', rounds, 100), orders: wholeNumber('orders', orders, 1_000_000), each };
});
leaveNothingBehind();
const preload = new URL('plain/replace.mjs', import.meta.url).href;
const variants = Object.entries({ '': [], ...WHOLE, ...(each && EACH) });
const measured = new Map<string, Record<string, number>[]>(variants.map(([name]) => [name, []]));

/** @throws when a service still runs a part that should be replaced */
async function checkReplaced({ system }: BenchSystem, parts: readonly string[]): Promise<void> {
  for (const service of ['api-gateway', 'order-worker'] as const) {
    const log = await system.logs(service);
    const kept = parts.filter((part) => !log.includes(JSON.stringify({ message: 'plain', part })));
    if (kept.length > 0) throw new Error(`void: ${service} still uses ${kept.join(' and ')}`);
  }
}

async function turn(places: Places, parts: readonly string[]) {
  // Also without parts, so that every variant runs under the same hooks.
  const env = { NODE_OPTIONS: `--import=${preload}`, PLAIN_PARTS: parts.join(',') };
  return withSubject(
    places,
    'ours',
    async (system) => {
      await checkReplaced(system, parts);
      return measureSaturation(system, orders);
    },
    { env },
  );
}

const places = await openPlaces('ministack');
for (let round = 0; round < rounds; round++) {
  for (let place = 0; place < variants.length; place++) {
    const [name, parts] = variants[(round + place) % variants.length] ?? ['', []];
    const values = await turn(places, parts);
    measured.get(name)?.push(values);
    const cpu = `API ${values.apiCpuMs.toFixed(3)} ms, worker ${values.workerCpuMs.toFixed(3)} ms`;
    console.log(`round ${round + 1}, ${name ? `without ${name}` : 'with all parts'}: ${cpu} of CPU per order`);
  }
}
await places.dispose();

const medianOf = (name: string, key: string): number =>
  median((measured.get(name) ?? []).map((values) => values[key] ?? NaN));
const rows = variants.map(([name]) => [
  name ? `without ${name}` : 'with all parts',
  ...Object.keys(METRICS).flatMap((key) => {
    const [value, base] = [medianOf(name, key), medianOf('', key)];
    return [value.toFixed(3), name ? `${((value / base - 1) * 100).toFixed(1)} %` : ''];
  }),
  medianOf(name, 'ordersPerSecond').toFixed(0),
]);
const heads = Object.values(METRICS).flatMap((service) => [`${service}, ms`, 'change']);
console.log(`\nCPU per order, median of ${rounds}:\n${align([['', ...heads, 'orders/s'], ...rows])}`);
