/**
 * `npm run chaos`: puts load on a system, injects faults, and checks the promises.
 *
 *   npm run chaos                              every invariant and ablation, small, one seed
 *   npm run chaos -- --full --seeds 1,2,3      the documented run
 *   npm run chaos -- --only kills,poison       some of them
 *   npm run chaos -- --emulator localstack     with LocalStack instead of MiniStack
 */
import { misused, readArguments } from '../../tools/usage.mjs';
import { beginRun, removeLeftovers } from '../support/test-run.mjs';
import { testcontainersEnv } from '../../tools/local/docker.mjs';
import { asMarkdown, asText, isGood, type TrialRun } from './report.js';
import { runTrial } from './run-trial.js';
import { TRIALS } from './trials.js';

const USAGE = `npm run chaos -- [--full] [--seeds 1,2,3] [--orders N] [--emulator ministack|localstack]
                [--only ${TRIALS.map(({ name }) => name).join(',')}]
                [--no-ablations] [--markdown]`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(problem: string): never {
  return misused(USAGE, problem);
}

const { values: given } = readArguments(USAGE, {
  options: {
    full: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    orders: { type: 'string' },
    emulator: { type: 'string', default: 'ministack' },
    only: { type: 'string' },
    'no-ablations': { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});
if (!/^\d{1,9}(,\d{1,9})*$/.test(given.seeds)) fail('--seeds takes whole numbers, such as 1,2,3.');
const seeds = given.seeds.split(',').map(Number);
if (given.orders !== undefined && !/^[1-9]\d{0,8}$/.test(given.orders)) fail('--orders takes a whole number above 0.');
const orders = given.orders === undefined ? undefined : Number(given.orders);
const { emulator } = given;
if (emulator !== 'ministack' && emulator !== 'localstack') fail(`There is no emulator ${emulator}.`);
const only = given.only?.split(',');
const unknown = only?.find((name) => !TRIALS.some((trial) => trial.name === name));
if (unknown !== undefined) fail(`There is no trial ${unknown}.`);

if (emulator === 'localstack' || given.full) {
  Object.assign(process.env, testcontainersEnv());
  beginRun();
  process.once('exit', removeLeftovers);
}
const size = given.full ? 'full' : 'ci';
const trials = TRIALS.filter(({ name, fullOnly }) => only?.includes(name) ?? (given.full || !fullOnly));
const runs: TrialRun[] = [];
for (const trial of trials) {
  for (const seed of seeds) {
    // One seed is enough for an ablation.
    const variants = trial.ablation && seed === seeds[0] && !given['no-ablations'] ? [false, true] : [false];
    for (const ablated of variants) {
      print(`${trial.name}${ablated ? ` without its protection (${trial.ablation?.name ?? ''})` : ''}, seed ${seed}`);
      const say = (line: string): void => {
        print(`    ${line}`);
      };
      const options = { seed, size, emulator, ablated, say, orders } as const;
      const run = await runTrial(trial, options);
      runs.push(run);
      print(`    ${isGood(run) ? 'ok' : 'NOT OK'} after ${(run.tookMs / 1_000).toFixed(1)} s`);
      if (run.error) print(`    ${run.error.stack ?? run.error.message}`);
      const broken = run.checks.filter(({ holds }) => !holds);
      for (const { id, must, saw } of broken) print(`    ${id}: ${must} → ${saw}`);
    }
  }
}

print(given.markdown ? asMarkdown(runs) : asText(runs));
const bad = runs.filter((run) => !isGood(run));
print(`\n${runs.length - bad.length} of ${runs.length} runs as expected; size ${size}, seeds ${seeds.join(', ')}`);
for (const { trial, seed, ablated } of bad) {
  print(
    `again: npm run chaos -- --only ${trial.name} --seeds ${seed}${given.full ? ' --full' : ''}${ablated ? '   (its ablation)' : ''}`,
  );
}
process.exit(bad.length === 0 ? 0 : 1);
