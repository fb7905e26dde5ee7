/** Reads the services from ECS. */
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';

/**
 * @typedef {{
 *   name: string, status: string, desired: number, running: number, rollout?: string | undefined,
 *   rolloutReason?: string | undefined, lastEvent?: string | undefined, images: string[],
 *   stopped?: string | undefined,
 * }} Service `images` is the task definition if they may not be read; `stopped` is why its last task stopped, if ECS still knows one (about an hour)
 */

/**
 * The operator's policy has none of these calls, because IAM cannot limit them to the services of a stage. They add
 * reasons, but the state of a service is known without them.
 * @template T
 * @param {Promise<T>} asked @returns {Promise<T | undefined>} undefined if it is not allowed
 */
export async function ifAllowed(asked) {
  try {
    return await asked;
  } catch (error) {
    if (/^AccessDenied/.test(/** @type {Error} */ (error).name)) return undefined;
    throw error;
  }
}

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
 * The named services that exist.
 * @param {import('./reach.mjs').ClientOptions} options @param {string} cluster @param {string[]} names
 * @returns {Promise<Service[]>}
 */
export async function readServices(options, cluster, names) {
  const client = new ECSClient(options);
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
  try {
    const { services = [] } = await client.send(new DescribeServicesCommand({ cluster, services: names }));
    return await Promise.all(
      services.map(async (service) => {
        const { serviceName = '', status = '', desiredCount = 0, runningCount = 0, deployments = [] } = service;
        const primary = deployments.find((deployment) => deployment.status === 'PRIMARY');
        const [images = [`task ${service.taskDefinition?.split('/').at(-1)}`], stopped] = await Promise.all([
          ifAllowed(imagesOf(service.taskDefinition)),
          ifAllowed(stopOf(serviceName)),
        ]);
        return {
          ...{ name: serviceName, status, desired: desiredCount, running: runningCount, images, stopped },
          ...{ rollout: primary?.rolloutState, rolloutReason: primary?.rolloutStateReason },
          lastEvent: service.events?.[0]?.message,
        };
      }),
    );
  } finally {
    client.destroy();
  }
}
