const LOOK_EVERY_MS = 5_000;

/**
 * Checks liveness now and then, and calls back after two failed checks in a row. After a suspension of the process, the
 * first check may run before the event loop has read answers that have already arrived.
 * @returns stops the watchdog
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
