import { randomBytes } from 'node:crypto';

/** W3C Trace Context, version 00; ids of zeros alone are none: https://www.w3.org/TR/trace-context/#traceparent-header */
const PATTERN = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A span's place in its trace, as it travels from process to process. */
export type TraceContext = { traceId: string; spanId: string; flags: number };

/** Undefined for anything that is no traceparent. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = (typeof text === 'string' ? PATTERN.exec(text) : null) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** What finds the trace: in logs, and where traces are kept. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent)?.traceId;
}

/** The beginning of a trace that nobody records: its id still ties logs and events together. */
export function newTraceparent(): string {
  const random = randomBytes(24).toString('hex');
  return formatTraceparent({ traceId: random.slice(0, 32), spanId: random.slice(32), flags: 0 });
}
