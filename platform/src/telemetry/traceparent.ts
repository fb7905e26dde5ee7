import { randomFillSync } from 'node:crypto';

/**
 * W3C Trace Context; ids of zeros alone are none, and neither is version ff. A later version may add fields at the end:
 * https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
const PATTERN = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
/** All that is known of the flags of a later version. */
const SAMPLED = 1;

/** A span's place in its trace, as it travels from process to process. */
export type TraceContext = { traceId: string; spanId: string; flags: number };

/** Undefined for anything that is no traceparent. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, version, traceId, spanId, hex, more] = (typeof text === 'string' ? PATTERN.exec(text) : null) ?? [];
  if (traceId === undefined || spanId === undefined || hex === undefined) return undefined;
  const flags = Number.parseInt(hex, 16);
  if (version !== '00') return { traceId, spanId, flags: flags & SAMPLED };
  return more === undefined ? { traceId, spanId, flags } : undefined;
}

/** As version 00, which every reader knows. */
export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** What finds the trace: in logs, and where traces are kept. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent)?.traceId;
}

/** Of a trace's id and a span's. */
const ID_BYTES = 16 + 8;
/** Random bytes for many at once: to ask for them costs more than all the rest of a traceparent. */
const pool = Buffer.alloc(128 * ID_BYTES);
let used = pool.length;

/** The beginning of a trace that nobody records: its id still ties logs and events together. */
export function newTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.toString('hex', used, used + ID_BYTES);
  used += ID_BYTES;
  return formatTraceparent({ traceId: random.slice(0, 32), spanId: random.slice(32), flags: 0 });
}
