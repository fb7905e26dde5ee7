import { randomUUID } from 'node:crypto';
import { getContainerRuntimeClient, StartedNetwork } from 'testcontainers';
import { testLabels } from './test-run.mjs';

/** A container network with labels, which testcontainers' Network does not support. Leftovers are found by label. */
export async function startNetwork(): Promise<StartedNetwork> {
  const client = await getContainerRuntimeClient();
  const name = `orderflow-test-${randomUUID().slice(0, 8)}`;
  return new StartedNetwork(client, name, await client.network.create({ Name: name, Labels: testLabels() }));
}
