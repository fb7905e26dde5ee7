import { randomBytes } from 'node:crypto';

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

/** The start of an unrecorded trace: its id still connects logs and events. */
export function newTraceparent(): string {
  return formatTraceparent({
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    flags: 0,
  });
}
