import { existsSync } from 'node:fs';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { SERVICE_NAMES, type Service } from '../../../tools/local/embedded.mjs';
import { startEmbeddedSystem, type EmbeddedSystem, type ServiceProcess } from '../../support/embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from '../../support/faulty-network.js';
import { connectOperator } from '../../support/operator.js';
import type { TrialOptions } from '../trial.js';
import { startWarehouse, type Warehouse } from './warehouse.js';

/** A system behind a faulty network, with an external warehouse. */
export type ChaosSystem = EmbeddedSystem & {
  network: FaultyNetwork;
  warehouse: Warehouse;
  /** Connected directly to the emulator, without faults. */
  operator: ConnectedSystem;
};

type ChaosOptions = Pick<TrialOptions, 'seed' | 'emulator'> & {
  workers?: number;
  fulfilmentDelayMs?: number;
  env?: Record<string, string>;
  envOf?: Partial<Record<Service, Record<string, string>>>;
  /** Further variables of one process, evaluated at each start. */
  envOfProcess?: (process: ServiceProcess) => Record<string, string>;
  /** Name of the ablation, and the service whose protection it removes. */
  ablation?: { name: string; of: Service } | undefined;
};

/** Higher than in other tests: kills cost attempts and would exhaust orders. */
const ENV = { MAX_RECEIVES: '10', HANDLER_TIMEOUT_MS: '4000', QUEUE_GRACE_MS: '10000', NODE_ENV: 'chaos' };

/** The services with a seam for ablations. The others run their own main file. */
const MAINS = Object.fromEntries(
  SERVICE_NAMES.map((service) => [service, `tests/chaos/seams/${service}.mjs`] as const).filter(([, main]) =>
    existsSync(new URL(`../../../${main}`, import.meta.url)),
  ),
);

async function start(options: ChaosOptions): Promise<ChaosSystem> {
  const { seed, emulator, workers = 1, fulfilmentDelayMs = 30, env = {}, envOf = {}, envOfProcess, ablation } = options;
  const warehouse = await startWarehouse({ delayMs: fulfilmentDelayMs });
  let network: FaultyNetwork | undefined;
  const ablated = ablation ? { [ablation.of]: { ...envOf[ablation.of], ABLATION: ablation.name } } : {};
  try {
    const system = await startEmbeddedSystem({
      emulator,
      env: { ...ENV, WAREHOUSE_URL: warehouse.url, ...env },
      envOf: { ...envOf, ...ablated },
      envOfProcess,
      replicas: { 'order-worker': workers },
      restart: true,
      mains: MAINS,
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl, { seed });
        return network.url;
      },
    });
    if (!network) throw new Error('the system was started without its network');
    const operator = await connectOperator(await system.awsEndpoint(), system.stage);
    return Object.assign(system, { network, warehouse, operator });
  } catch (error) {
    await network?.dispose();
    await warehouse.dispose();
    throw error;
  }
}

/** Runs `use` on a new system, and always removes it. */
export async function withChaosSystem<T>(options: ChaosOptions, use: (system: ChaosSystem) => Promise<T>): Promise<T> {
  const system = await start(options);
  try {
    return await use(system);
  } finally {
    system.network.heal();
    system.operator.aws.close();
    await system.dispose();
    await system.network.dispose();
    await system.warehouse.dispose();
  }
}

/** @throws when no log line shows that the ablation intervened: the run would prove nothing */
export async function assertAblated(system: ChaosSystem, name: string, service: Service): Promise<void> {
  const logs = await system.logs(service);
  if (!logs.includes(`"message":"ablation","name":"${name}"`)) {
    throw new Error(`the ablation ${name} of ${service} never intervened`);
  }
}
