/** Ends what a dead launcher has left. */
import { endKnown } from './children.mjs';
import { LocalError } from './fail.mjs';
import { stopLocalStack } from './localstack.mjs';
import { STOP_WITHIN_MS } from './processes.mjs';

/**
 * Ends the children and the container that the run file names, then deletes the file.
 * @param {ReturnType<typeof import('./children.mjs').pidFile>} state
 * @param {import('./localstack.mjs').Place} container
 */
export async function endLeftBehind(state, container) {
  const known = state.readStrictly();
  await Promise.all((known?.children ?? []).map((child) => endKnown(child, STOP_WITHIN_MS)));
  if (known?.usesContainer) await stopLocalStack(container);
  const left = state.removeUnlessAlive();
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid);
  const names = left.map(({ name, pid }) => `${pid} (${name})`).join(', ');
  throw new LocalError(
    `These processes are still running: ${names}. Either they do not end, or Orderflow cannot tell whether it started them.`,
    `Look at them: ps -p ${pids.join(',')}   End those of Orderflow: kill ${pids.join(' ')}   Then: rm ${state.file}`,
  );
}
