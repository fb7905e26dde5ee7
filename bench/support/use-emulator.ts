import { beginRun, removeLeftovers } from '../../tests/support/test-run.mjs';
import { testcontainersEnv } from '../../tools/local/docker.mjs';

export const EMULATORS = ['ministack', 'localstack'] as const;
export type EmulatorKind = (typeof EMULATORS)[number];

/** Prepares for an emulator. LocalStack is a container, which is removed when this process exits. */
export function useEmulator(kind: EmulatorKind): void {
  if (kind === 'ministack') return;
  Object.assign(process.env, testcontainersEnv());
  beginRun();
  process.once('exit', removeLeftovers);
}
