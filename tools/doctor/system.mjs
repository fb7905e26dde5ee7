/** Checks of a running system: hook, stack, topology, clock, dead letters and overdue markers. */
import { readFileSync } from 'node:fs';
import { toolVariables } from '../local/environment.mjs';
import { ask, inTime, request } from '../local/ask.mjs';
import { fail, ok, skipped, warn } from './check.mjs';
import { checkTopology } from './drift.mjs';
import { readTopology } from './emulator.mjs';
import { composeCommand, emulatorLog, fixesOf, operatorCommand } from './fixes.mjs';
import { describeStack } from './stack.mjs';
import { readTemplate } from './template.mjs';

/**
 * @typedef {{ attention?: string }} Noted
 * @typedef {{ queues: (Noted & { name: string, visible?: number })[], outbox: (Noted & { table: string, due?: number })[] }} Status
 * @typedef {import('./surroundings.mjs').System} System
 * @typedef {import('./surroundings.mjs').Access} Access
 */

const MAX_SKEW_MS = 2_000;
/** A whole compilation on a busy machine. */
const BUILT_WITHIN_MS = 60_000;
const STATUS_WITHIN_MS = 15_000;

/** Warns if several systems are running. @param {import('./surroundings.mjs').RunningSystem[]} systems */
export function checkChoice(systems) {
  const [chosen, ...others] = systems;
  if (!chosen || others.length === 0) return [];
  const found = `${systems.map(({ name, endpoint }) => `${name} (${endpoint})`).join(' and ')} run; looking at the first`;
  return [warn('Systems', found, `${others[0]?.choose} npm run doctor`)];
}

/** An emulator that hangs or does not exist. @param {System} system */
export function checkSilence(system) {
  const { endpoint, origin } = system;
  const check = 'System';
  const found = `its emulator, ${endpoint}, does not answer`;
  if (origin.kind === 'local') return fail(check, found, fixesOf(system).recreate);
  if (origin.kind === 'compose') return fail(check, found, emulatorLog(system));
  return skipped(
    check,
    new URL(endpoint).port === '0' ? 'none runs here' : `none answers at ${endpoint}`,
    'docker compose up --build --wait   (or, without Docker: npm run local)',
  );
}

/** @param {Awaited<ReturnType<typeof request>>} answer of /_localstack/init/ready @param {System} system */
export function checkHook(answer, { origin }) {
  const check = 'Hook';
  // MiniStack has no hooks. The stack shows whether it was deployed.
  if (answer?.status !== 200 || !answer.body.startsWith('{')) return skipped(check, 'this emulator runs none');
  /** @type {{ completed: boolean, scripts?: { name: string, state: string }[] }} */
  const { completed, scripts = [] } = JSON.parse(answer.body);
  const compose = composeCommand(origin);
  if (scripts.length === 0) {
    return fail(check, 'there is no script in ready.d', `${compose} up -d --force-recreate --wait localstack`);
  }
  const states = scripts.map(({ name, state }) => `${name} ${state}`);
  const found = `${states.join(', ')}${completed ? '' : '; not completed'}`;
  const isDone = completed && scripts.every(({ state }) => state === 'SUCCESSFUL');
  return isDone ? ok(check, found) : fail(check, found, `${compose} logs --tail 20 localstack`);
}

/**
 * The Date header has no milliseconds. Its rounding and the network delay do not count as skew.
 * @param {{ date: string | null, sentAt: number, receivedAt: number }} answer
 */
export function checkClock({ date, sentAt, receivedAt }) {
  const check = 'Clock';
  const second = Date.parse(date ?? '');
  if (Number.isNaN(second)) return skipped(check, 'the emulator sends no date');
  const ahead = Math.max(0, second - receivedAt);
  const behind = Math.max(0, sentAt - (second + 999));
  const skewMs = Math.max(ahead, behind);
  if (skewMs <= MAX_SKEW_MS) return ok(check, 'the emulator has the time of this machine');
  const found = `the emulator is ${(skewMs / 1_000).toFixed(0)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  const restart = 'restart Docker Desktop (the clock of its virtual machine stops while the computer sleeps)';
  return warn(check, found, process.platform === 'linux' ? 'sudo timedatectl set-ntp true' : restart);
}

/** Dead letters and overdue markers, in the words of `ops status`. @param {Status} status @param {System} system */
export function checkWork({ queues, outbox }, system) {
  const { origin } = system;
  const log =
    origin.kind === 'compose'
      ? `${composeCommand(origin)} logs api-gateway`
      : `${origin.kind === 'local' ? origin.logs : 'logs/'}api-gateway.log`;
  /** @param {string} check @param {(Noted & { name: string, count?: number })[]} all @param {string} fix */
  const report = (check, all, fix) => {
    // The comparison with the template reports missing resources, which have no count.
    const found = all.filter(({ attention, count }) => attention && count !== undefined);
    if (found.length === 0) return ok(check, 'none');
    return warn(check, found.map(({ name, attention }) => `${name}: ${attention}`).join('; '), fix);
  };
  return [
    report(
      'Dead letters',
      queues.map(({ visible, ...queue }) => ({ ...queue, count: visible })),
      operatorCommand(system, 'dlq', 'list'),
    ),
    report(
      'Overdue markers',
      outbox.map(({ table, due, ...noted }) => ({ ...noted, name: table, count: due })),
      `${operatorCommand(system, 'audit')}   (${log} shows why the sweeper cannot work)`,
    ),
  ];
}

/** The compiler writes its errors to stdout. @param {import('../local/ask.mjs').Answer} built */
export function whyNotBuilt({ stdout, reason }) {
  return `orderctl cannot be built: ${stdout.trim().split('\n', 1)[0] || reason}`;
}

/** Asks `ops status`, compiled as `npm run ops` does it. @param {string} root @param {System & Access} system */
async function askStatus(root, system) {
  const skip = (/** @type {string} */ reason, /** @type {string} */ fix) =>
    ['Dead letters', 'Overdue markers'].map((check) => skipped(check, `not counted: ${reason}`, fix));
  const compiler = ['node_modules/typescript/bin/tsc', '-b', 'tools/orderctl'];
  const built = await ask(process.execPath, compiler, { cwd: root, withinMs: BUILT_WITHIN_MS });
  if (built.status !== 'ok') return skip(whyNotBuilt(built), 'npm ci, then npm run build');
  const main = `${root}tools/orderctl/dist/main.js`;
  const where = ['--endpoint', system.endpoint, '--stage', system.stage];
  const args = ['--no-warnings', main, 'status', '--json', '--no-count', ...where];
  const env = { ...process.env, ...toolVariables(system.credentials) };
  const { stdout, reason } = await ask(process.execPath, args, { env, withinMs: STATUS_WITHIN_MS });
  return stdout.startsWith('{')
    ? checkWork(JSON.parse(stdout), system)
    : skip(reason, operatorCommand(system, 'ops', 'status'));
}

/** @param {string} root @param {System & Access} system */
async function checkContent(root, system) {
  const fixes = fixesOf(system);
  const name = `orderflow-${system.stage}`;
  const stack = await describeStack(system, name);
  if (!stack) return [fail('Stack', `${name} is not deployed at ${system.endpoint}`, fixes.deploy)];
  const isUp = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(stack.status);
  const found = `${name}: ${stack.status}`;
  const stackCheck = isUp ? ok('Stack', found) : fail('Stack', found, fixes.deploy);

  const yaml = await import('yaml');
  const wanted = readTemplate(readFileSync(`${root}infrastructure/template.yaml`, 'utf8'), stack, yaml);
  const deployed = readTemplate(stack.template, stack, yaml);
  const [actual, work] = await Promise.all([
    inTime(readTopology(system, stack.region, wanted), 'the emulator', 6_000),
    askStatus(root, system),
  ]);
  return [stackCheck, ...checkTopology({ wanted, deployed, actual }, fixes), ...work];
}

/** @param {string} root @param {System & Access} system */
export async function checkSystem(root, system) {
  const [hook, content] = await Promise.all([
    request(`${system.endpoint}/_localstack/init/ready`),
    checkContent(root, system).catch((/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === 'ERR_MODULE_NOT_FOUND'
        ? [skipped('Template', 'not compared: the dependencies are not installed', 'npm ci')]
        : [fail('Template', `not compared: ${error.message}`, emulatorLog(system))],
    ),
  ]);
  return [checkHook(hook, system), ...content, ...(hook ? [checkClock(hook)] : [])];
}
