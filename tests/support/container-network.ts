import { randomUUID } from 'node:crypto';
import { getContainerRuntimeClient, StartedNetwork } from 'testcontainers';
import { testLabels } from './test-run.mjs';

/** A network for containers. testcontainers' Network takes no labels, by which one that is left over is found. */
export async function startNetwork(): Promise<StartedNetwork> {
  const client = await getContainerRuntimeClient();
  const name = `orderflow-test-${randomUUID().slice(0, 8)}`;
  return new StartedNetwork(client, name, await client.network.create({ Name: name, Labels: testLabels() }));
}
