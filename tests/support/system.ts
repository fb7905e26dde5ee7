import type { Service } from '../../tools/local/embedded.mjs';

/** The services of a system, by their Compose names. */
export type ServiceName = 'localstack' | Service;

/** A whole running system, however it was started. */
export type System = {
  /** Base URL of the API, for example http://127.0.0.1:32768. A restart may change it. */
  apiUrl(): Promise<string>;
  /** Where the emulator listens. */
  awsEndpoint(): Promise<string>;
  stage: string;
  /** Ends processes at once. */
  kill(service: ServiceName): Promise<void>;
  /** Ends processes with SIGTERM and returns their exit codes. */
  stop(...services: ServiceName[]): Promise<number[]>;
  /** Starts stopped services, and waits until they are healthy. */
  start(...services: ServiceName[]): Promise<void>;
  /** Everything that the service has logged. */
  logs(service: ServiceName): Promise<string>;
  /** Removes everything that was started. */
  dispose(): Promise<void>;
};
