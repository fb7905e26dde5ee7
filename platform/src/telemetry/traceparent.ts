import { randomBytes } from 'node:crypto';

/**
 * W3C Trace Context. Ids of only zeros are invalid, and so is version ff. A later version may add fields at the end:
 * https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
const PATTERN = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
/** The only flag that a later version is known to have. */
const SAMPLED = 1;

/** A span's place in its trace. */
export type TraceContext = { traceId: string; spanId: string; flags: number };

/** Undefined for anything that is not a traceparent. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const [, version, traceId, spanId, hex, more] = (typeof text === 'string' ? PATTERN.exec(text) : null) ?? [];
  if (traceId === undefined || spanId === undefined || hex === undefined) return undefined;
  const flags = Number.parseInt(hex, 16);
  if (version !== '00') return { traceId, spanId, flags: flags & SAMPLED };
  return more === undefined ? { traceId, spanId, flags } : undefined;
}

/** Writes version 00, which every reader knows. */
export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

export function traceIdOf(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent)?.traceId;
}

/** Starts a trace that is not recorded. Its id still connects logs and events. */
export function newTraceparent(): string {
  return formatTraceparent({
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    flags: 0,
  });
}
