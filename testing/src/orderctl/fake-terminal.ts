import type { Terminal } from '@orderflow/orderctl/terminal';

type FakeTerminal = Terminal & {
  written: () => string;
  said: () => string;
  interrupt: () => void;
};

const STARTED_AT = Date.UTC(2027, 2, 14, 15);

/** A terminal that records its output. Time passes only in pauses, which end at once, in order. */
export function createFakeTerminal(change: Partial<Pick<Terminal, 'colours' | 'movingLines'>> = {}): FakeTerminal {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const sleepers: { at: number; wake: () => void }[] = [];
  let nowMs = STARTED_AT;
  let written = '';
  let said = '';

  function wakeFirst(): void {
    sleepers.sort((a, b) => a.at - b.at);
    const first = sleepers.shift();
    if (!first) return;
    nowMs = Math.max(nowMs, first.at);
    first.wake();
  }

  return {
    out: (text) => {
      written += text;
    },
    err: (text) => {
      said += text;
    },
    interactive: false,
    movingLines: false,
    screen: false,
    colours: false,
    ask: () => Promise.reject(new Error('nobody is here')),
    signal,
    now: () => nowMs,
    elapsedMs: () => nowMs - STARTED_AT,
    pause: (ms) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        sleepers.push({ at: nowMs + ms, wake: resolve });
        setImmediate(wakeFirst);
      }),
    ...change,
    written: () => written,
    said: () => said,
    interrupt: () => {
      interrupted.abort(new Error('Interrupted.'));
    },
  };
}
