/**
 * Sends the API what its own /openapi.json allows, and what it forbids: npm run hostile [-- --cases 5000] [--seed 1]
 * [--url http://127.0.0.1:3000]. Without --url it starts a separate system. Exits 1 on a server error, on an answer
 * that the document does not describe, on a valid request that is refused and on an invalid one that is not.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployTopology, SERVICES, startMiniStack, startService } from './local/embedded.mjs';
import { createCredentials } from './local/environment.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { poll } from './local/patience.mjs';
import { freePort } from './local/ports.mjs';
import { build, installEmulator, installPython } from './local/requirements.mjs';
import { misused, readArguments } from './usage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** One of the three phases ignores the requested number of cases. Another round adds what is missing. */
const CASES_PER_EXAMPLE = 12;
const MIN_EXAMPLES = 20;
const MAX_ROUNDS = 8;
/** Orders that can be replayed when a round begins. */
const FAILED_PER_ROUND = 5;
const FAIL_WITHIN_MS = 120_000;
/** The document describes 503 for an unavailable database. On a busy machine it is only slow. */
const PATIENCE = { seconds: 60, awsRequestMs: 30_000 };

const USAGE = 'npm run hostile -- [--cases 5000] [--seed 1] [--url http://127.0.0.1:3000]';
const { values } = readArguments(USAGE, {
  options: {
    cases: { type: 'string', default: '5000' },
    seed: { type: 'string', default: process.env.CI ? '1' : String(Math.floor(Math.random() * 1_000_000)) },
    url: { type: 'string' },
  },
});
if (!/^[1-9]\d{0,8}$/.test(values.cases)) misused(USAGE, '--cases takes a whole number above 0, such as 5000.');
if (!/^\d{1,9}$/.test(values.seed)) misused(USAGE, '--seed takes a whole number, such as 1.');
const wanted = Number(values.cases);
const folder = `${mkdtempSync(join(tmpdir(), 'orderflow-hostile-'))}/`;

/** What is started, in order. @type {import('./local/children.mjs').Child[]} */
const children = [];

async function startSystem() {
  await build(root);
  const { python } = await installEmulator(root);
  const place = { root, logDir: folder, onStart: children.push.bind(children) };
  const emulatorPort = await freePort();
  const credentials = createCredentials();
  await startMiniStack(place, { python, port: emulatorPort, credentials });
  const emulatorUrl = `http://127.0.0.1:${emulatorPort}`;
  await deployTopology(root, { python, emulatorUrl, credentials });
  let apiUrl = '';
  for (const service of SERVICES) {
    const port = await freePort();
    // Failing orders are given up at once, so that some can be replayed.
    const soon = { MAX_RECEIVES: '1', RETRY_BASE_SECONDS: '1', RETRY_MAX_SECONDS: '1' };
    const patient = service === 'api-gateway' ? { AWS_REQUEST_TIMEOUT_MS: String(PATIENCE.awsRequestMs) } : {};
    const env = { LOG_FORMAT: 'json', RATE_LIMIT_MAX: '100000000', FULFILMENT_DELAY_MS: '20', ...soon, ...patient };
    await startService(place, service, { port, emulatorUrl, credentials, env });
    if (service === 'api-gateway') apiUrl = `http://127.0.0.1:${port}`;
  }
  return apiUrl;
}

/**
 * Places orders that fail and can be replayed.
 * @param {string} url @param {number} count @returns {Promise<string[]>} their ids
 */
async function failedOrders(url, count) {
  const item = { productId: 'test-fails-always', productName: 'Fails', quantity: 1, unitPrice: 1 };
  const body = JSON.stringify({ customerId: 'hostile', items: [item], totalAmount: 1 });
  const headers = { 'content-type': 'application/json' };
  /** @param {string} path @param {RequestInit} [init] */
  const read = async (path, init) => /** @type {any} */ (await (await fetch(`${url}${path}`, init)).json());
  const made = await Promise.all(
    Array.from({ length: count }, () => read('/api/orders', { method: 'POST', headers, body })),
  );
  const ids = made.map(({ orderId }) => orderId);
  for (const id of ids) {
    const hasFailed = async () => (await read(`/api/orders/${id}`)).status === 'FAILED';
    if (await poll(hasFailed, FAIL_WITHIN_MS)) continue;
    throw new LocalError(`Order ${id} has not failed in time.`, 'Look into the log of order-worker.');
  }
  return ids;
}

/**
 * One run of schemathesis.
 * @param {{ python: string, url: string, examples: number, seed: number, failed: string[] }} options
 */
async function round({ python, url, examples, seed, failed }) {
  const report = `${folder}report-${seed}.json`;
  const options = [
    ...['--checks', 'all', '--continue-on-failure', '--generation-database', 'none', '--no-color'],
    // The speed of generating cases says nothing about the API.
    ...['--suppress-health-check', 'too_slow', '--request-timeout', String(PATIENCE.seconds)],
    // It would read an event stream until the order ends. Separate tests cover streams.
    ...['--exclude-path-regex', '/events$', '--max-examples', String(examples), '--seed', String(seed)],
    ...['--report', 'json', '--report-json-path', report],
  ];
  const env = {
    ...process.env,
    ...{ SCHEMATHESIS_HOOKS: 'hooks', FAILED_ORDERS: failed.join(' ') },
    ...{ PYTHONPATH: `${root}tests/hostile`, PYTHONDONTWRITEBYTECODE: '1' },
  };
  const command = ['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, ...options];
  // It leaves files in its working directory.
  const child = spawn(python, command, { cwd: folder, env, stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const { complete, test_cases: cases, operations, valid_rates: rates } = JSON.parse(readFileSync(report, 'utf8'));
  // Requests that are rejected early prove little.
  const unreached = Object.keys(rates).filter((operation) => rates[operation].fuzzing.accepted === 0);
  if (unreached.length > 0) console.error(`No valid request succeeded: ${unreached.join(', ')}`);
  const isWhole =
    complete && cases.errored === 0 && operations.tested === operations.selected && unreached.length === 0;
  return { passed: code === 0 && isWhole && cases.unique_failures === 0, cases: cases.generated };
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}
try {
  const { python } = await installPython(root, {
    name: 'schemathesis',
    requirements: 'tests/hostile/requirements.txt',
    what: 'schemathesis',
  });
  const url = values.url ?? (await startSystem());
  const failed = values.url === undefined ? await failedOrders(url, MAX_ROUNDS * FAILED_PER_ROUND) : [];
  let passed = true;
  let cases = 0;
  for (let count = 0; passed && cases < wanted && count < MAX_ROUNDS; count++) {
    const examples = Math.max(MIN_EXAMPLES, Math.ceil((wanted - cases) / CASES_PER_EXAMPLE));
    const ofRound = failed.slice(count * FAILED_PER_ROUND, (count + 1) * FAILED_PER_ROUND);
    const result = await round({ python, url, examples, seed: Number(values.seed) + count, failed: ofRound });
    passed &&= result.passed;
    cases += result.cases;
  }
  const log = values.url === undefined ? readFileSync(`${folder}api-gateway.log`, 'utf8').split('\n') : [];
  const errors = log.filter((line) => line.includes('"level":"error"'));
  for (const line of errors) console.error(line);
  const succeeded = passed && cases >= wanted && errors.length === 0;
  console.log(`\n${cases} cases, ${succeeded ? 'nothing wrong' : 'NOT PASSED'} (--seed ${values.seed})`);
  process.exitCode = succeeded ? 0 : 1;
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) {
    child.kill('SIGTERM');
    await child.ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
