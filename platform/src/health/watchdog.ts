const LOOK_EVERY_MS = 5_000;

/**
 * Looks now and then whether something lives, and calls back when two looks in a row have found it dead. The event loop
 * runs in between: after a standstill of the process, the first look may come before the answers that lie ready.
 * @returns what ends it
 */
export function startWatchdog(isLive: () => boolean, onDead: () => void): () => void {
  let deadLooks = 0;
  const timer = setInterval(() => {
    deadLooks = isLive() ? 0 : deadLooks + 1;
    if (deadLooks === 2) onDead();
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}
