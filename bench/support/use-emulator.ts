import { beginRun, removeLeftovers } from '../../tests/support/test-run.mjs';
import { testcontainersEnv } from '../../tools/local/testcontainers-env.mjs';

export const EMULATORS = ['ministack', 'localstack'] as const;
export type EmulatorKind = (typeof EMULATORS)[number];

/** Prepares an emulator of this kind. A LocalStack container is removed when this process ends. */
export function useEmulator(kind: EmulatorKind): void {
  if (kind === 'ministack') return;
  Object.assign(process.env, testcontainersEnv());
  beginRun();
  process.once('exit', removeLeftovers);
}
