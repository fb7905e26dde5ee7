/**
 * `npm run bench -- --profile` prints how a subject's CPU time at saturation is shared between packages. The profiles open in
 * Chrome's developer tools.
 */
import { mkdirSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { eventually } from '@orderflow/testing/eventually';
import { ordersPerSecond, warmUp } from './rows/saturation.js';
import { openPlaces, withSubject } from './support/bench-system.js';
import { leaveNothingBehind } from './support/leave-nothing.js';
import { commandLine, listOf, requireCompiled, wholeNumber } from './support/options.js';
import { sharesOf, type CpuProfile } from './support/profile-shares.js';
import { SUBJECTS, type Subject } from './support/subjects.js';

const MAX_ORDERS = 100_000;
const WRITTEN_WITHIN_MS = 30_000;
/** Smaller shares are summed up. */
const LEAST_SHARE = 0.01;

const USAGE = `npm run bench -- --profile [--subjects ${SUBJECTS.join(',')}] [--orders 3000] [--out .local/profiles]`;

const { subjects, orders, out } = commandLine(USAGE, () => {
  const { values } = parseArgs({
    options: {
      subjects: { type: 'string', default: 'ours' },
      orders: { type: 'string', default: '3000' },
      out: { type: 'string', default: '.local/profiles' },
    },
  });
  const subjects = listOf('subjects', values.subjects, SUBJECTS);
  requireCompiled(subjects);
  return { subjects, orders: wholeNumber('orders', values.orders, MAX_ORDERS), out: resolve(values.out) };
});
leaveNothingBehind();
mkdirSync(out, { recursive: true });
const preload = new URL('support/record-profile.mjs', import.meta.url).href;

/** Renames the profile of a process once it is complete. */
function written(pid: number, name: string): Promise<CpuProfile> {
  const file = join(out, `${pid}.cpuprofile`);
  const read = async (): Promise<CpuProfile> => {
    const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
    await rename(file, join(out, `${name}.cpuprofile`));
    return profile;
  };
  return eventually(read, `the profile ${file}`, WRITTEN_WITHIN_MS);
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
