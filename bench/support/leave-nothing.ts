import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Exit code of a process that was interrupted: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Cleans up however this process ends, Ctrl-C included: temporary files are in one folder that is removed, and children
 * are killed at exit (tests/support/kill-at-exit.ts).
 */
export function leaveNothingBehind(): void {
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-bench-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(INTERRUPTED));
}
