/**
 * `npm run bench` compares this system with two peers on the same topology. The subjects take turns, because the speed of a
 * machine drifts. Each round starts with another subject. The results are ratios of medians.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { measureCalls } from './rows/calls.js';
import { measureDrain } from './rows/drain.js';
import { measureGrowth } from './rows/growth.js';
import { measureLatency } from './rows/latency.js';
import { CLIENTS, measureSaturation } from './rows/saturation.js';
import { measureTokens } from './rows/tokens.js';
import { openPlaces, withSubject, type Places } from './support/bench-system.js';
import { judgeGates, judgeGoals } from './support/goals.js';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { commandLine, readOptions, requireCompiled, ROWS, type Row } from './support/options.js';
import { createResults, type Measured, type Results } from './support/results.js';
import { SUBJECTS, type Subject } from './support/subjects.js';
import { drawResults } from './support/svg.js';
import { formatResults, formatVerdicts } from './support/table.js';
import { useEmulator } from './support/use-emulator.js';

const DRAINED_ORDERS = 1_000;
const LATENCY_SECONDS = 15;

const USAGE = `npm run bench -- [--rounds 3] [--orders 3000] [--emulator ministack|localstack] [--small] [--gate]
                 [--rows ${ROWS.join(',')}] [--subjects ${SUBJECTS.join(',')}] [--json FILE] [--svg FILE]

Other measurements (add --help for their options):
npm run bench -- --page | --plain | --profile | --soak | --startup`;

const given = commandLine(USAGE, () => {
  const options = readOptions(process.argv.slice(2));
  requireCompiled(options.subjects);
  return options;
});
const { emulator, rounds, orders, rows, subjects } = given;
leaveNothingBehind();
useEmulator(emulator);

const startedAt = performance.now();
const say = (line: string): void => {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)} s  ${line}`);
};

/** One turn of a subject. Latencies are measured at shares of the saturation of the same turn. */
async function turn(places: Places, subject: Subject): Promise<Measured> {
  const measured: Measured = {};
  const wants = (row: Row): boolean => rows.includes(row);
  if (wants('saturation') || wants('latency')) {
    Object.assign(measured, await withSubject(places, subject, (system) => measureSaturation(system, orders)));
    say(`${subject}: ${measured.ordersPerSecond?.toFixed(0) ?? ''} orders/s`);
  }
  if (wants('calls')) {
    const load = [
      { clients: 1, orders: Math.ceil(orders / 30) },
      { clients: 10, orders: Math.ceil(orders / 10) },
      { clients: CLIENTS, orders },
    ];
    Object.assign(measured, await measureCalls(places, subject, load));
    say(`${subject}: ${measured.calls100?.toFixed(2) ?? ''} AWS calls per order`);
  }
  if (wants('latency')) {
    const rate = measured.ordersPerSecond ?? NaN;
    const latency = await withSubject(places, subject, (system) => measureLatency(system, rate, LATENCY_SECONDS));
    Object.assign(measured, latency);
    say(`${subject}: POST ${latency.postAloneP50?.toFixed(1) ?? ''} ms with one client`);
  }
  if (wants('drain')) {
    const drain = await withSubject(places, subject, (system) => measureDrain(system, DRAINED_ORDERS));
    Object.assign(measured, drain);
    say(`${subject}: ${DRAINED_ORDERS} queued orders drained in ${drain.drainSeconds.toFixed(1)} s`);
  }
  return measured;
}

async function measure(): Promise<Results> {
  const results = createResults();
  const places = await openPlaces(emulator);
  try {
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`);
      for (let place = 0; place < subjects.length; place++) {
        const subject = subjects[(round + place) % subjects.length] ?? 'ours';
        results.add(subject, await turn(places, subject));
      }
      if (rows.includes('growth')) results.add('ours', await measureGrowth(places, orders, say));
      if (rows.includes('tokens')) {
        const cost = await measureTokens(places, orders, round);
        results.add('ours', cost);
        say(
          `API: ${cost.apiCpuMsOff.toFixed(3)} ms of CPU per order, with access tokens ${cost.apiCpuMsJwt.toFixed(3)} ms`,
        );
      }
    }
  } finally {
    await places.dispose();
  }
  return results;
}

const results = await measure();
const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
const conditions = `${emulator}, ${rounds} round${rounds === 1 ? '' : 's'} of ${orders} orders; ${machine}`;
const goals = judgeGoals(results, emulator);
console.log(`\n${conditions}\n\n${formatResults(results, subjects)}\n\nGoals\n${formatVerdicts(goals)}`);

if (given.json !== undefined) {
  const report = { emulator, rounds, orders, machine, at: new Date().toISOString(), values: results.values(), goals };
  writeFileSync(given.json, `${JSON.stringify(report, null, 2)}\n`);
}
if (given.svg !== undefined) writeFileSync(given.svg, drawResults(results, subjects, conditions));
if (given.gate) {
  const gates = judgeGates(results);
  console.log(`\nGates\n${formatVerdicts(gates)}`);
  if (gates.some(({ verdict }) => verdict !== 'met')) process.exitCode = 1;
}
