/**
 * Sends the API what its own /openapi.json allows, and what it forbids: npm run hostile [-- --cases 5000] [--seed 1]
 * [--as operator|customer|nobody] [--url http://127.0.0.1:3000]. Without --url it starts a separate system; with --as it
 * asks for access tokens. Exits 1 on a server error, on an answer that the document does not describe, on a valid request
 * that is refused, on an invalid one that is not, and on a request without a token that is not refused.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CALLERS, failedOrders, headersOf, startSystem } from './hostile/system.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { installPython } from './local/requirements.mjs';
import { misused, readArguments } from './usage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** One of the three phases ignores the requested number of cases. Another round adds what is missing. */
const CASES_PER_EXAMPLE = 12;
const MIN_EXAMPLES = 20;
const MAX_ROUNDS = 8;
/** Orders that can be replayed when a round begins. */
const FAILED_PER_ROUND = 5;
/** The document describes 503 for an unavailable database. On a busy machine it is only slow. */
const PATIENCE = { seconds: 60, awsRequestMs: 30_000 };

const USAGE =
  'npm run hostile -- [--cases 5000] [--seed 1] [--as operator|customer|nobody] [--url http://127.0.0.1:3000]';
const { values } = readArguments(USAGE, {
  options: {
    cases: { type: 'string', default: '5000' },
    seed: { type: 'string', default: process.env.CI ? '1' : String(Math.floor(Math.random() * 1_000_000)) },
    as: { type: 'string' },
    url: { type: 'string' },
  },
});
if (!/^[1-9]\d{0,8}$/.test(values.cases)) misused(USAGE, '--cases takes a whole number above 0, such as 5000.');
if (!/^\d{1,9}$/.test(values.seed)) misused(USAGE, '--seed takes a whole number, such as 1.');
if (values.as !== undefined && !Object.hasOwn(CALLERS, values.as)) {
  misused(USAGE, `--as takes ${Object.keys(CALLERS).join(', ')}.`);
}
const caller = /** @type {keyof typeof CALLERS | undefined} */ (values.as);
const wanted = Number(values.cases);
const folder = `${mkdtempSync(join(tmpdir(), 'orderflow-hostile-'))}/`;

/** What is started, in order. @type {import('./local/children.mjs').Child[]} */
const children = [];

/**
 * Operations of which no valid request succeeded, although the caller may use them; for nobody, those of which one did.
 * @param {Record<string, { fuzzing: { accepted: number } }>} rates by operation
 * @param {any} document
 */
function wronglyAnswered(rates, document) {
  const needsOps = (/** @type {string} */ operation) => {
    const [method = '', path = ''] = operation.split(' ');
    const [requirement = {}] = document.paths[path][method.toLowerCase()].security ?? [];
    return Object.values(requirement).flat().includes('ops');
  };
  return Object.keys(rates).filter((operation) => {
    const isAccepted = (rates[operation]?.fuzzing.accepted ?? 0) > 0;
    const mayUse = caller !== 'nobody' && !(caller === 'customer' && needsOps(operation));
    return isAccepted !== mayUse;
  });
}

/** The document is for operators. @param {string} url @param {import('./local/access-token.mjs').Headers} headers */
async function readDocument(url, headers) {
  const answer = await fetch(`${url}/openapi.json`, { headers });
  if (!answer.ok) throw new LocalError(`${url}/openapi.json answers ${answer.status}.`, 'Check --url and --as.');
  return answer.json();
}

/**
 * One run of schemathesis.
 * @param {{ python: string, url: string, document: object, authorization: string | undefined, examples: number, seed: number, failed: string[] }} options
 */
async function round({ python, url, document, authorization, examples, seed, failed }) {
  const report = `${folder}report-${seed}.json`;
  const file = `${folder}openapi.json`;
  writeFileSync(file, JSON.stringify(document));
  const options = [
    ...['--checks', 'all', '--continue-on-failure', '--generation-database', 'none', '--no-color'],
    // The speed of generating cases says nothing about the API.
    ...['--suppress-health-check', 'too_slow', '--request-timeout', String(PATIENCE.seconds)],
    // It would read an event stream until the order ends. Separate tests cover streams.
    ...['--exclude-path-regex', '/events$', '--max-examples', String(examples), '--seed', String(seed)],
    ...['--report', 'json', '--report-json-path', report, '--url', url],
    // In this spelling schemathesis knows the header: it also tries each operation without it, and with another token.
    ...(authorization === undefined ? [] : ['--header', `Authorization: ${authorization}`]),
    ...['--generation-with-security-parameters', 'false'],
  ];
  const env = {
    ...process.env,
    ...{ SCHEMATHESIS_HOOKS: 'hooks', FAILED_ORDERS: failed.join(' '), CALLER: caller ?? '' },
    ...{ PYTHONPATH: `${root}tests/hostile`, PYTHONDONTWRITEBYTECODE: '1' },
  };
  const command = ['-m', 'schemathesis.cli', 'run', file, ...options];
  // It leaves files in its working directory.
  const child = spawn(python, command, { cwd: folder, env, stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const { complete, test_cases: cases, operations, valid_rates: rates } = JSON.parse(readFileSync(report, 'utf8'));
  // Requests that are rejected early prove little.
  const unreached = wronglyAnswered(rates, document);
  const what = caller === 'nobody' ? 'Requests without a token succeeded' : 'No valid request succeeded';
  if (unreached.length > 0) console.error(`${what}: ${unreached.join(', ')}`);
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
  const place = { root, logDir: folder, onStart: children.push.bind(children) };
  const { awsRequestMs } = PATIENCE;
  const url = values.url ?? (await startSystem(place, { withTokens: caller !== undefined, awsRequestMs }));
  const operator = caller === undefined ? {} : await headersOf(url, 'operator');
  const { authorization } = caller === undefined ? {} : await headersOf(url, caller);
  const document = /** @type {any} */ (await readDocument(url, operator));
  const failed = values.url === undefined ? await failedOrders(url, MAX_ROUNDS * FAILED_PER_ROUND, operator) : [];
  let passed = true;
  let cases = 0;
  for (let count = 0; passed && cases < wanted && count < MAX_ROUNDS; count++) {
    const examples = Math.max(MIN_EXAMPLES, Math.ceil((wanted - cases) / CASES_PER_EXAMPLE));
    const ofRound = failed.slice(count * FAILED_PER_ROUND, (count + 1) * FAILED_PER_ROUND);
    const result = await round({
      python,
      url,
      document,
      authorization,
      examples,
      seed: Number(values.seed) + count,
      failed: ofRound,
    });
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
