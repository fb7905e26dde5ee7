/** Checks of the services' health. */
import { SERVICES } from '../../contracts/src/topology.js';
import { ANSWERS_WITHIN_MS } from '../local/ask.mjs';
import { fail, ok, skipped, warn } from './check.mjs';

/** @typedef {import('../local/containers.mjs').Container} Container */

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
 * @param {Container[]} containers @param {string} compose the command that the project is reached by
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

/**
 * @param {string} service @param {import('@orderflow/platform/health/ask-readiness').Readiness} readiness
 * @param {string} logs the folder
 */
export function checkReadiness(service, { status, reason, error }, logs) {
  const check = `Service ${service}`;
  if (status === 'ready') return ok(check, status);
  // This machine's own network error, in full. A failed connection to several addresses has no message, but a code.
  const found = `${status}: ${error?.message || reason}`;
  return (status === 'degraded' ? warn : fail)(check, found, `tail -n 20 ${logs}${service}.log`);
}

/** @param {import('./surroundings.mjs').LocalRun} run */
export async function checkLocalServices({ urls, logs }) {
  /** @type {typeof import('@orderflow/platform/health/ask-readiness')} */
  let platform;
  try {
    platform = await import('@orderflow/platform/health/ask-readiness');
  } catch {
    return [
      skipped('Services', 'not checked: the dependencies are not installed, or older than the code', 'npm run local'),
    ];
  }
  const { askReadiness } = platform;
  return Promise.all(
    Object.keys(SERVICES).flatMap((name) => {
      const url = urls[name === 'api-gateway' ? 'API' : name];
      return url ? [askReadiness(url, ANSWERS_WITHIN_MS).then((found) => checkReadiness(name, found, logs))] : [];
    }),
  );
}
