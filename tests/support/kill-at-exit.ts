import type { Child } from '../../tools/local/children.mjs';

const children = new Set<Child>();
/** Without a listener, signals end a process before its 'exit' event. */
const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Children have separate process groups, so nothing else ends them if this process exits early. */
export function killAtExit(child: Child): void {
  if (children.size === 0) process.once('exit', killAll);
  for (const [signal, number] of SIGNALS) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(128 + number));
  }
  children.add(child);
  void child.ended.then(() => {
    children.delete(child);
    if (children.size === 0) process.removeListener('exit', killAll);
  });
}
