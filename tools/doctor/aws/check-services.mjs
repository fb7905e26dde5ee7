/** Checks of the services on ECS: tasks, deployment, image. */
import { SERVICES } from '../../../contracts/src/topology.js';
import { fail, ok, warn } from '../check.mjs';

/**
 * @typedef {import('./service.mjs').Service} Service
 * @typedef {{ stage: string, aws: (step: string) => string, deploy: string }} Fixes `deploy` is for the services stack
 */

export const SERVICE_NAMES = Object.keys(SERVICES);

/** @param {string} stage */
export const clusterName = (stage) => `${stage}-orderflow`;

/** Why a service has too few tasks, according to ECS. @param {Service} service */
function reasonsOf({ rollout, rolloutReason, stopped, lastEvent }) {
  return [
    ...(rolloutReason && rollout !== 'COMPLETED' ? [rolloutReason] : []),
    ...(stopped ? [`the last task stopped: ${stopped}`] : []),
    ...(lastEvent && !/has reached a steady state/.test(lastEvent) ? [`last event: ${lastEvent}`] : []),
  ];
}

/** @param {Service} service @param {Fixes} fixes */
export function checkService(service, { stage, aws, deploy }) {
  const { name, status, desired, running, rollout, images } = service;
  const check = `Service ${name}`;
  if (status !== 'ACTIVE') return fail(check, `it is ${status}`, deploy);
  const state = `${running} of ${desired} tasks run, deployment ${rollout ?? 'unknown'}, ${images.join(' and ')}`;
  const why = [state, ...reasonsOf(service)].join('; ');
  const log = aws(`logs tail /orderflow/${stage}/${name} --since 30m`);
  if (rollout === 'FAILED') return fail(check, why, `${log}   (then deploy an image that starts)`);
  if (desired === 0) {
    const scale = `ecs update-service --cluster ${clusterName(stage)} --service ${name} --desired-count 1`;
    return warn(check, `no task is wanted; ${state}`, aws(scale));
  }
  if (running === 0) return fail(check, why, log);
  if (running < desired || rollout === 'IN_PROGRESS') return warn(check, why, log);
  return ok(check, state);
}

/** @param {Service[]} services @param {Fixes} fixes */
export function checkServices(services, fixes) {
  return SERVICE_NAMES.map((name) => {
    const service = services.find((one) => one.name === name);
    const cluster = clusterName(fixes.stage);
    return service
      ? checkService(service, fixes)
      : fail(`Service ${name}`, `it is not in the cluster ${cluster}`, fixes.deploy);
  });
}
