/** What a process reports about itself at /metrics. */
export type RuntimeMetrics = { eventLoopP99Ms: number; activeHandles: number; heapMb: number };

/** The value of a metric, ignoring its labels; NaN if it is missing. */
function valueOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}

export function parseRuntimeMetrics(text: string): RuntimeMetrics {
  return {
    eventLoopP99Ms: valueOf(text, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    activeHandles: valueOf(text, 'nodejs_active_handles_total'),
    // Includes buffers, which are outside the heap.
    heapMb: (valueOf(text, 'nodejs_heap_size_used_bytes') + valueOf(text, 'nodejs_external_memory_bytes')) / 2 ** 20,
  };
}

/** The event loop delay counts since the last request: prom-client resets it with each response. */
export async function readRuntimeMetrics(port: number): Promise<RuntimeMetrics> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
  return parseRuntimeMetrics(await answer.text());
}
