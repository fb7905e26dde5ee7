import { beginRun, removeLeftovers } from '../../tests/support/test-run.mjs';
import { testcontainersEnv } from '../../tests/support/testcontainers-env.mjs';

export const EMULATORS = ['ministack', 'localstack'] as const;
export type EmulatorKind = (typeof EMULATORS)[number];

/** Makes ready for an emulator of this kind: a LocalStack is a container, which goes when this process does. */
export function useEmulator(kind: EmulatorKind): void {
  if (kind === 'ministack') return;
  Object.assign(process.env, testcontainersEnv());
  beginRun();
  process.once('exit', removeLeftovers);
}
