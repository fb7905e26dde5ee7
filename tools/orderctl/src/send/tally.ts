export type Placed =
  | { kind: 'accepted'; orderId: string; retries: number; latencyMs: number }
  /** The API refused it: it was not placed. */
  | { kind: 'refused'; code: string; detail: string; retries: number }
  /** Given up or interrupted before an answer: it may have been placed. */
  | { kind: 'unanswered'; code: string; detail: string; retries: number };

type Latency = { p50: number; p99: number };
/** By their codes. */
type Reasons = Record<string, { count: number; detail: string }>;

export type Sent = {
  accepted: number;
  refused: number;
  unanswered: number;
  /** Orders that needed more than one attempt. */
  retried: number;
  refusals: Reasons;
  /** Reasons for missing answers. */
  silences: Reasons;
  /** Ms from the first attempt to acceptance. Absent if nothing was accepted. */
  latencyMs?: Latency;
  lastOrderId?: string;
};

/** Counts results. Its memory is bounded by the slowest order, not by the number of orders. */
export function createTally() {
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
    result: (): Sent => ({
      ...counts,
      refusals: reasons.refused,
      silences: reasons.unanswered,
      ...(counts.accepted > 0 ? { latencyMs: { p50: percentile(0.5), p99: percentile(0.99) } } : {}),
      lastOrderId,
    }),
  };
}
