/** Reads the services from ECS. */
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { isDenied } from './explain.mjs';

/**
 * @typedef {{
 *   name: string, status: string, desired: number, running: number, rollout?: string | undefined,
 *   rolloutReason?: string | undefined, lastEvent?: string | undefined, images: string[],
 *   stopped?: string | undefined,
 * }} Service `images` is the task definition if the images cannot be read. `stopped` says why the last task stopped;
 * ECS keeps stopped tasks for about an hour.
 */

/** @param {import('@aws-sdk/client-ecs').Task[]} tasks */
export function lastStop(tasks) {
  const [last] = tasks.toSorted((a, b) => Number(b.stoppedAt ?? 0) - Number(a.stoppedAt ?? 0));
  if (!last) return undefined;
  const ofContainers = (last.containers ?? []).flatMap(({ name, exitCode, reason }) =>
    exitCode || reason ? [`${name}: ${reason ?? `exit code ${exitCode}`}`] : [],
  );
  return [last.stoppedReason, ...ofContainers].filter(Boolean).join('; ') || undefined;
}

/**
 * The named services that exist. `denied` has the error of each part that the caller is not allowed to read.
 * @param {import('./reach.mjs').ClientOptions} options @param {string} cluster @param {string[]} names
 * @returns {Promise<{ services: Service[], denied: Record<string, unknown> }>}
 */
export async function readServices(options, cluster, names) {
  const client = new ECSClient(options);
  /** @type {Record<string, unknown>} */
  const denied = {};
  /**
   * @template T
   * @param {string} what @param {Promise<T>} asked @param {T} otherwise
   */
  const ifAllowed = (what, asked, otherwise) =>
    asked.catch((/** @type {unknown} */ error) => {
      if (!isDenied(error)) throw error;
      denied[what] = error;
      return otherwise;
    });
  /** @param {string} serviceName */
  const stopOf = async (serviceName) => {
    const stopped = { cluster, serviceName, desiredStatus: /** @type {const} */ ('STOPPED') };
    const { taskArns = [] } = await client.send(new ListTasksCommand(stopped));
    if (taskArns.length === 0) return undefined;
    const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    return lastStop(tasks);
  };
  /** @param {string | undefined} taskDefinition */
  const imagesOf = async (taskDefinition) => {
    const answer = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    return (answer.taskDefinition?.containerDefinitions ?? []).map(({ image = '' }) => image);
  };
  const definitionOf = (/** @type {string | undefined} */ arn = '') => `task definition ${arn.split('/').at(-1)}`;
  try {
    const { services = [] } = await client.send(new DescribeServicesCommand({ cluster, services: names }));
    const read = await Promise.all(
      services.map(async (service) => {
        const { serviceName = '', status = '', desiredCount = 0, runningCount = 0, deployments = [] } = service;
        const primary = deployments.find((deployment) => deployment.status === 'PRIMARY');
        const { taskDefinition } = service;
        const [images, stopped] = await Promise.all([
          ifAllowed('Images', imagesOf(taskDefinition), [definitionOf(taskDefinition)]),
          ifAllowed('Stopped tasks', stopOf(serviceName), undefined),
        ]);
        return {
          ...{ name: serviceName, status, desired: desiredCount, running: runningCount, images, stopped },
          ...{ rollout: primary?.rolloutState, rolloutReason: primary?.rolloutStateReason },
          lastEvent: service.events?.[0]?.message,
        };
      }),
    );
    return { services: read, denied };
  } finally {
    client.destroy();
  }
}
