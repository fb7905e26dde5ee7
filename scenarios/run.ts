/**
 * `npm run scenario`: reproduces failures, each on a separate system that is removed afterwards.
 *
 *   npm run scenario                             lists them
 *   npm run scenario -- crashed-worker           plays one, on Compose
 *   npm run scenario -- --all                    plays all, one after another
 *   npm run scenario -- crashed-worker --embedded   without Docker
 *   npm run scenario -- crashed-worker --auth       with access tokens
 *   npm run scenario -- crashed-worker --keep       leaves its system up
 */
import { parseArgs } from 'node:util';
import { dockerProblem } from '../tools/local/docker.mjs';
import { beginRun, removeLeftovers } from '../tests/support/test-run.mjs';
import { SCENARIOS } from './scenarios.js';
import type { Scenario } from './scenario.js';
import { createSandbox, type Sandbox } from './support/sandbox.js';
import { createStory, StoryBroken } from './support/story.js';

const USAGE = `npm run scenario                       lists the scenarios
npm run scenario -- <name>             plays one, on Docker Compose
npm run scenario -- --all              plays all
  --embedded      without Docker, if the scenario supports it
  --auth          the API asks for access tokens, and the commands send them
  --keep          keeps the system up and prints how to use it
  --without-fix   skips the fix: the scenario must end with FAIL`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(problem: string): never {
  process.stderr.write(`${problem}\n\n${USAGE}\n`);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        all: { type: 'boolean', default: false },
        embedded: { type: 'boolean', default: false },
        auth: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        'without-fix': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function list(): void {
  print('Each runs on a separate system beside yours and removes it afterwards: npm run scenario -- <name>\n');
  for (const { name, summary, runsEmbedded } of SCENARIOS) {
    print(`  ${name.padEnd(22)} ${summary}${runsEmbedded ? '' : ' (Docker only)'}`);
  }
}

const { values, positionals } = readOptions();

function chosen(): readonly Scenario[] {
  if (values.all) return SCENARIOS.filter(({ runsEmbedded }) => runsEmbedded || !values.embedded);
  return positionals.map((wanted) => {
    const scenario = SCENARIOS.find(({ name }) => name === wanted);
    if (!scenario) return fail(`There is no scenario ${wanted}; npm run scenario lists them.`);
    if (values.embedded && !scenario.runsEmbedded) return fail(`${wanted} is about containers: leave out --embedded.`);
    return scenario;
  });
}

let sandbox: Sandbox | undefined;
let interrupted = false;

/** @returns whether the symptom showed and the fix worked */
async function play({ name, summary, lesson, readOn, play: tell }: Scenario): Promise<boolean> {
  const startedAt = performance.now();
  print(`${name}: ${summary}`);
  const story = createStory({
    write: print,
    environment: async () => ({ ...(await sandbox?.systems.at(-1)?.environment()), ...sandbox?.variables }),
    withFix: !values['without-fix'],
  });
  sandbox = createSandbox(values.embedded ? 'embedded' : 'compose', story, values.auth);
  let passed = false;
  try {
    await tell(story, sandbox);
    passed = true;
  } catch (error) {
    if (!interrupted && !(error instanceof StoryBroken)) print(`  ${(error as Error).stack ?? String(error)}`);
  }
  if (interrupted) return false;
  if (!values.keep) await sandbox.dispose();
  if (passed) print(`\nWhat this shows\n  ${lesson}\n  Read on: ${readOn}`);
  print(`\n${passed ? 'PASS' : 'FAIL'} ${name} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)\n`);
  if (values.keep) await goOn(sandbox);
  return passed;
}

/** Leaves containers to the user; processes end with this one, so it waits. */
async function goOn({ systems, mode }: Sandbox): Promise<void> {
  for (const system of systems) {
    print('The system keeps running. To use it:');
    for (const line of await system.howToGoOn()) print(`  ${line}`);
  }
  if (mode === 'embedded') await new Promise(() => setInterval(() => undefined, 60_000));
}

async function interrupt(): Promise<void> {
  if (interrupted) process.exit(130);
  interrupted = true;
  print('\nInterrupted: removing what was started.');
  await sandbox?.dispose();
  process.exit(130);
}

if (values.help) {
  print(USAGE);
  process.exit(0);
}
const scenarios = chosen();
if (scenarios.length === 0) {
  list();
  process.exit(0);
}
const problem = values.embedded ? undefined : dockerProblem();
if (problem) {
  process.stderr.write(`Scenarios run on Docker Compose: ${problem}. Most also run without Docker: --embedded\n`);
  process.exit(1);
}
process.on('SIGINT', () => void interrupt());
process.on('SIGTERM', () => void interrupt());
process.on('SIGHUP', () => void interrupt());
// A kept system has no run label: the next run would remove it as a leftover.
if (!values.keep) {
  beginRun();
  if (!values.embedded) removeLeftovers();
}
const results: [name: string, passed: boolean][] = [];
for (const scenario of scenarios) results.push([scenario.name, await play(scenario)]);
if (results.length > 1) for (const [name, passed] of results) print(`${passed ? 'PASS' : 'FAIL'} ${name}`);
process.exit(results.every(([, passed]) => passed) ? 0 : 1);
