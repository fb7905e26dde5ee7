import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { createApiClient } from '../../tests/support/api-client.js';
import type { ServiceName, System } from '../../tests/support/system.js';
import type { Service } from '../../tools/local/embedded.mjs';

export type SystemOptions = {
  /** What configures it, as FULFILMENT_DELAY_MS. */
  variables?: Record<string, string>;
  /** Compose files laid over the test's, by their paths in the project. */
  overlays?: readonly string[];
};

/** A system to break by the means that its user has; each of them is shown as it is used. */
export type BreakableSystem = Pick<System, 'stage' | 'apiUrl' | 'awsEndpoint' | 'dispose'> & {
  api: ReturnType<typeof createApiClient>;
  /** A connection to the emulator, which closes with the system. */
  connect: () => Promise<ConnectedSystem>;
  /** What commands find in their environment to mean this system. */
  environment: () => Promise<Record<string, string>>;
  /** The command that shows the lines of a service's log that match an extended regular expression. */
  logs: (service: ServiceName, pattern: string) => string;
  /** SIGKILL from outside; what is killed stays down. */
  kill: (service: Service) => Promise<void>;
  /** SIGTERM. */
  stop: (service: Service) => Promise<void>;
  /** Starts what does not run, of one service or of all, and waits until it is healthy. */
  start: (service?: Service) => Promise<void>;
  /** A new process of the service with other variables; `variables` are added to those that it has. */
  reconfigure: (service: Service, variables: Record<string, string>) => Promise<void>;
  /** What to do with a system that is kept, and how to end it. */
  howToGoOn: () => Promise<string[]>;
};
