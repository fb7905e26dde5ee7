import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Exit code of a process that was interrupted: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Whatever ends this process from now on, Ctrl-C included, nothing of it stays: temporary files are in one folder that
 * goes with it, and children are killed when it exits (tests/support/kill-at-exit.ts).
 */
export function leaveNothingBehind(): void {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-bench-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(INTERRUPTED));
}
