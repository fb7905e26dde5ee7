import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { createApiClient } from '../api-client.js';
import { CREDENTIALS } from '../credentials.js';
import { startEmbeddedSystem, type EmbeddedSystem } from '../embedded-system.js';
import type { Emulator } from '../emulator.js';
import { startFaultyNetwork, type FaultyNetwork } from '../faulty-network.js';
import { connectOperator } from '../operator.js';
import { readDeployedPolicies } from './deployed-policies.js';
import { startPolicyGate, type PolicyGate } from './gate.js';
import { orderctl } from './in-process-orderctl.js';

/** A stage whose services and operator reach the emulator only through the gate, and behind it a faulty network. */
export type GatedStage = {
  stage: string;
  /** Past the gate and the network. */
  emulatorUrl: string;
  gate: PolicyGate;
  network: FaultyNetwork;
  /** Past the gate, for arrangements and for what a test looks up. */
  direct: ConnectedSystem;
  orderctl: (...args: string[]) => ReturnType<typeof orderctl>;
  dispose(): Promise<void>;
};

export type GatedSystem = GatedStage & {
  system: EmbeddedSystem;
  api: ReturnType<typeof createApiClient>;
};

/** Longer than a retry takes, so that the two differ. */
export const VISIBILITY_TIMEOUT_SECONDS = 8;
const ENV = {
  VISIBILITY_TIMEOUT_SECONDS: String(VISIBILITY_TIMEOUT_SECONDS),
  RETRY_BASE_SECONDS: '1',
  RETRY_MAX_SECONDS: '1',
  OUTBOX_DELAY_MS: '1000',
  SWEEP_INTERVAL_MS: '1000',
  FULFILMENT_DELAY_MS: '1',
  // The machine may be busy.
  AWS_REQUEST_TIMEOUT_MS: '2500',
  HANDLER_TIMEOUT_MS: '5500',
};
/** Never within a test. */
const NO_SWEEPS = { SWEEP_INTERVAL_MS: '3600000' };

async function openGate(emulator: Emulator, stage: string) {
  const access = { endpoint: emulator.url, credentials: CREDENTIALS };
  const network = await startFaultyNetwork(emulator.url);
  const policies = await readDeployedPolicies(access, stage);
  const gate = await startPolicyGate(network.url, { policies, upstream: CREDENTIALS });
  const direct = await connectOperator(emulator.url, stage);
  return {
    ...{ stage, emulatorUrl: emulator.url, gate, network, direct },
    orderctl: (...args: string[]) =>
      orderctl({ endpoint: gate.url, stage, credentials: gate.credentialsOf('operator') }, ...args),
    dispose: async () => {
      direct.aws.close();
      await gate.dispose();
      await network.dispose();
    },
  };
}

/** A new stage without services. */
export async function startGatedStage(emulator: Emulator, stage: string): Promise<GatedStage> {
  await emulator.deploy({ STAGE: stage });
  return openGate(emulator, stage);
}

/** A new stage with its services. @param options.sweeps false: nothing lost is published again */
export async function startGatedSystem(
  emulator: Emulator,
  stage: string,
  { sweeps = true } = {},
): Promise<GatedSystem> {
  let opened: GatedStage | undefined;
  const gated = (): GatedStage => {
    if (!opened) throw new Error('the gate is not open yet');
    return opened;
  };
  const system = await startEmbeddedSystem({
    emulator,
    env: { ...ENV, STAGE: stage, ...(sweeps ? {} : NO_SWEEPS) },
    endpointFor: async () => {
      opened = await openGate(emulator, stage);
      return opened.gate.url;
    },
    credentialsOf: (service) => gated().gate.credentialsOf(service),
    build: false,
  });
  return {
    ...gated(),
    system,
    api: createApiClient(() => system.apiUrl()),
    dispose: async () => {
      await system.dispose();
      await gated().dispose();
    },
  };
}
