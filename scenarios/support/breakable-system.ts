import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import type { createApiClient } from '../../tests/support/api-client.js';
import type { ServiceName, System } from '../../tests/support/system.js';
import type { Service } from '../../tools/local/embedded.mjs';

export type SystemOptions = {
  /** Its settings, such as FULFILMENT_DELAY_MS. */
  variables?: Record<string, string>;
  /** Additional Compose files, by their paths in the project. */
  overlays?: readonly string[];
  /** The API asks for access tokens of the laptop's provider. */
  auth?: boolean;
};

/** A system that a scenario breaks with a user's own commands, which it prints. */
export type BreakableSystem = Pick<System, 'stage' | 'apiUrl' | 'awsEndpoint' | 'dispose'> & {
  api: ReturnType<typeof createApiClient>;
  /** A connection to the emulator, closed with the system. */
  connect: () => Promise<ConnectedSystem>;
  /** Variables that make commands use this system. */
  environment: () => Promise<Record<string, string>>;
  /** The command that reads a path of the API. */
  curl: (path: string) => Promise<string>;
  /** The command that shows the lines of a service's log that match an extended regular expression. */
  logs: (service: ServiceName, pattern: string) => string;
  /** SIGKILL from outside. The process stays down. */
  kill: (service: Service) => Promise<void>;
  /** SIGTERM. */
  stop: (service: Service) => Promise<void>;
  /** Starts one or all stopped services, and waits until they are healthy. */
  start: (service?: Service) => Promise<void>;
  /** Restarts the service with these additional variables. */
  reconfigure: (service: Service, variables: Record<string, string>) => Promise<void>;
  /** How to use a kept system, and how to end it. */
  howToGoOn: () => Promise<string[]>;
};
