/**
 * Shows where a subject's CPU time goes at saturation: `npm run bench -- --profile --subjects ours`. Prints shares by
 * package. Chrome's developer tools open the profiles.
 */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { helpIfAsked, misused } from '../tools/usage.mjs';
import { ordersPerSecond, warmUp } from './rows/saturation.js';
import { openPlaces, withSubject } from './support/bench-system.js';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { listOf, UsageError, wholeNumber } from './support/options.js';
import { sharesOf, type CpuProfile } from './support/profile-shares.js';
import { missingMains, SUBJECTS, type Subject } from './support/subjects.js';

const MAX_ORDERS = 100_000;
const WRITTEN_WITHIN_MS = 30_000;
/** Smaller shares are summed up. */
const LEAST_SHARE = 0.01;

const USAGE = `npm run bench -- --profile [--subjects ${SUBJECTS.join(',')}] [--orders 3000] [--out .local/profiles]`;

function options() {
  helpIfAsked(USAGE);
  try {
    const { values } = parseArgs({
      options: {
        subjects: { type: 'string', default: 'ours' },
        orders: { type: 'string', default: '3000' },
        out: { type: 'string', default: '.local/profiles' },
      },
    });
    const subjects = listOf('subjects', values.subjects, SUBJECTS);
    const missing = subjects.flatMap(missingMains);
    if (missing.length > 0) throw new UsageError(`${missing.join(' and ')} are not compiled.`);
    return { subjects, orders: wholeNumber('orders', values.orders, MAX_ORDERS), out: resolve(values.out) };
  } catch (error) {
    return misused(USAGE, (error as Error).message);
  }
}

const { subjects, orders, out } = options();
leaveNothingBehind();
mkdirSync(out, { recursive: true });
const preload = new URL('support/record-profile.mjs', import.meta.url).href;

/** Renamed once it is complete. */
async function written(pid: number, name: string): Promise<CpuProfile> {
  const file = join(out, `${pid}.cpuprofile`);
  const deadline = performance.now() + WRITTEN_WITHIN_MS;
  for (;;) {
    try {
      const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
      renameSync(file, join(out, `${name}.cpuprofile`));
      return profile;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no profile in ${file}`, { cause: error });
      await sleep(100);
    }
  }
}

function show(title: string, profile: CpuProfile): void {
  const shares = sharesOf(profile);
  const told = shares.filter(([, share]) => share >= LEAST_SHARE);
  const rest = shares.filter(([, share]) => share < LEAST_SHARE).reduce((sum, [, share]) => sum + share, 0);
  console.log(`\n${title}`);
  for (const [owner, share] of [...told, ...(rest > 0 ? [['the rest', rest] as const] : [])]) {
    console.log(`  ${(share * 100).toFixed(1).padStart(5)} %  ${owner}`);
  }
}

async function profileSubject(subject: Subject): Promise<void> {
  const places = await openPlaces('ministack');
  try {
    const env = { NODE_OPTIONS: `--import=${preload}`, PROFILE_DIR: out };
    await withSubject(
      places,
      subject,
      async (system) => {
        const { api, worker } = system.pids();
        await warmUp(system);
        for (const pid of [api, worker]) process.kill(pid, 'SIGWINCH');
        await ordersPerSecond(system, orders);
        for (const pid of [api, worker]) process.kill(pid, 'SIGWINCH');
        show(`${subject}, API`, await written(api, `${subject}-api`));
        show(`${subject}, worker`, await written(worker, `${subject}-worker`));
      },
      { env },
    );
  } finally {
    await places.dispose();
  }
}

for (const subject of subjects) await profileSubject(subject);
console.log(`\nThe profiles are in ${out}.`);
