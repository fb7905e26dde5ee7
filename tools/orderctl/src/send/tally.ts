export type Placed =
  | { kind: 'accepted'; orderId: string; retries: number; latencyMs: number }
  /** The API refused it: it was not placed. */
  | { kind: 'refused'; code: string; detail: string; retries: number }
  /** Given up or interrupted before an answer: it may have been placed. */
  | { kind: 'unanswered'; code: string; detail: string; retries: number };

/** By their codes. */
type Reasons = Record<string, { count: number; detail: string }>;

export type Sent = ReturnType<ReturnType<typeof createTally>['result']>;

/** Counts results. Its memory is bounded by the slowest order, not by the number of orders. */
export function createTally() {
  /** `retried`: orders that needed more than one attempt. */
  const counts = { accepted: 0, refused: 0, unanswered: 0, retried: 0 };
  const reasons: Record<'refused' | 'unanswered', Reasons> = { refused: {}, unanswered: {} };
  const byLatency = new Map<number, number>();
  let lastOrderId: string | undefined;

  /** By nearest rank, from counts per ms, because an endless run cannot keep every latency. */
  function percentile(share: number): number {
    const rank = Math.ceil(counts.accepted * share);
    let seen = 0;
    for (const [latencyMs, count] of [...byLatency].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return latencyMs;
    }
    return NaN;
  }

  return {
    add: (placed: Placed): void => {
      counts[placed.kind] += 1;
      if (placed.retries > 0) counts.retried += 1;
      if (placed.kind !== 'accepted') {
        const { kind, code, detail } = placed;
        reasons[kind][code] = { count: (reasons[kind][code]?.count ?? 0) + 1, detail };
      } else {
        const latencyMs = Math.round(placed.latencyMs);
        byLatency.set(latencyMs, (byLatency.get(latencyMs) ?? 0) + 1);
        lastOrderId = placed.orderId;
      }
    },
    counts: (): Readonly<typeof counts> => counts,
    result: () => ({
      ...counts,
      refusals: reasons.refused,
      /** Reasons for missing answers. */
      silences: reasons.unanswered,
      /** Ms from the first attempt to acceptance. */
      latencyMs: counts.accepted > 0 ? { p50: percentile(0.5), p99: percentile(0.99) } : undefined,
      lastOrderId,
    }),
  };
}
