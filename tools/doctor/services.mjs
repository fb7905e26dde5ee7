/** Checks of the services' health. */
import { SERVICES } from '../../contracts/src/topology.js';
import { request } from './ask.mjs';
import { fail, ok, warn } from './check.mjs';

/**
 * @typedef {import('./check.mjs').Check} Check
 * @typedef {import('./docker.mjs').Container} Container
 * @typedef {Awaited<ReturnType<typeof request>>} HttpAnswer
 */

const CONTAINERS = ['localstack', ...Object.keys(SERVICES)];

/** It exits after deploying. */
const ONE_SHOT = 'topology';

/** @param {Container} container */
function isHealthy({ service, state, status }) {
  if (service === ONE_SHOT && /^Exited \(0\)/.test(status)) return true;
  return state === 'running' && !/\((unhealthy|health: starting)\)/.test(status);
}

/**
 * Checks the containers of one Compose project.
 * @param {Container[]} containers
 * @param {string} compose the command that the project is reached by
 * @returns {Check[]}
 */
export function checkContainers(containers, compose) {
  const sick = containers.filter((container) => !isHealthy(container));
  // If all are stopped, someone stopped them.
  const report = containers.some(({ state }) => state === 'running') ? fail : warn;
  const checks = sick.map(({ name, service, status, state }) => {
    const why = `${compose} logs --tail 20 ${service}`;
    const fix = state === 'exited' ? `${why}, then ${compose} up -d --wait` : why;
    return report(`Service ${service}`, `${name}: ${status || state}`, fix);
  });
  const missing = CONTAINERS.filter((wanted) => !containers.some(({ service }) => service === wanted));
  if (missing.length > 0) {
    checks.push(warn('Services', `no container of ${missing.join(', ')}`, `${compose} up -d --build --wait`));
  }
  return checks.length > 0 ? checks : [ok('Services', `${containers.length} containers, all healthy`)];
}

/** The reason in an answer of /health/ready. @param {string} body */
function reasonsIn(body) {
  try {
    const { error, details } = JSON.parse(body);
    const checks = Object.entries(/** @type {Record<string, any>} */ (details ?? error ?? {}));
    const reasons = checks.flatMap(([name, { status, degraded, reason }]) =>
      status === 'up' && !degraded ? [] : [`${name}: ${reason}`],
    );
    return reasons.join('; ');
  } catch {
    return body.slice(0, 200);
  }
}

/**
 * @param {string} service
 * @param {HttpAnswer} answer of its /health/ready
 * @param {string} logs the folder
 * @returns {Check}
 */
export function checkReadiness(service, answer, logs) {
  const check = `Service ${service}`;
  const fix = `tail -n 20 ${logs}${service}.log`;
  if (!answer) return fail(check, 'does not answer', fix);
  const reasons = reasonsIn(answer.body);
  if (answer.status === 200 && reasons === '') return ok(check, 'healthy');
  if (answer.status === 200) return warn(check, `degraded: ${reasons}`, fix);
  return fail(check, `answers ${answer.status}: ${reasons || answer.body.slice(0, 200)}`, fix);
}

/** @param {import('./surroundings.mjs').LocalRun} run @returns {Promise<Check[]>} */
export function checkLocalServices({ urls, logs }) {
  return Promise.all(
    Object.keys(SERVICES).flatMap((name) => {
      const url = urls[name === 'api-gateway' ? 'API' : name];
      if (!url) return [];
      return [request(new URL('/health/ready', url).href).then((answer) => checkReadiness(name, answer, logs))];
    }),
  );
}
