import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { LOCALSTACK_CREDENTIALS } from '../../../tools/local/environment.mjs';
import { SERVICE_NAMES, type Service } from '../../../tools/local/embedded.mjs';
import { freePort } from '../../../tools/local/ports.mjs';
import { readDeployedPolicies } from './deployed-policies.js';
import { startPolicyGate, type PolicyGate } from './gate.js';

const BRIDGE = ['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}'];

/** An interface without a container is down: it is not listed, but its address can be used. */
async function isOwnAddress(address: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(0, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Where host.docker.internal arrives: the address of Docker's bridge, or with Docker Desktop this machine's loopback. */
async function addressForContainers(): Promise<string> {
  const bridge = (await promisify(execFile)('docker', BRIDGE)).stdout.trim();
  return (await isOwnAddress(bridge)) ? bridge : '127.0.0.1';
}

const keyVariable = (service: Service): string => `${service.toUpperCase().replaceAll('-', '_')}_KEY_ID`;

/**
 * A gate for the services of compose.test.yaml. It reads the policies with their first call, because the stack does not
 * exist before. `variables` are for Compose.
 */
export async function startGateForContainers(
  stage: string,
): Promise<{ gate: PolicyGate; variables: Record<string, string> }> {
  const port = await freePort();
  const emulatorUrl = `http://127.0.0.1:${port}`;
  const access = { endpoint: emulatorUrl, credentials: LOCALSTACK_CREDENTIALS };
  const gate = await startPolicyGate(emulatorUrl, {
    policies: Object.fromEntries([...SERVICE_NAMES, 'operator'].map((name) => [name, []])),
    readPolicies: () => readDeployedPolicies(access, stage),
    upstream: LOCALSTACK_CREDENTIALS,
    host: await addressForContainers(),
  });
  const keys = SERVICE_NAMES.map((name) => [keyVariable(name), gate.credentialsOf(name).accessKeyId] as const);
  const variables = {
    GATE_URL: `http://host.docker.internal:${new URL(gate.url).port}`,
    GATED_LOCALSTACK_PORT: String(port),
    ...Object.fromEntries(keys),
  };
  return { gate, variables };
}
