import { createMonotonicClock } from '@orderflow/platform/runtime/clock';
import { createMetrics } from '@orderflow/platform/telemetry/metrics';
import { loadConfig } from '../../../services/api-gateway/src/config.js';
import { createUnreadAnswers } from '../../../services/api-gateway/src/http/limits/unread-answers.js';
import { EventStreams } from '../../../services/api-gateway/src/live/event-stream.js';

type Options = { maxStreams?: number; maxPerClient?: number; makeRoom?: (bytes: number) => void };

/** Event streams without an application. */
export function createEventStreams(
  { maxStreams = 1_000, maxPerClient = 1_000, makeRoom = () => undefined }: Options = {},
  metrics = createMetrics('test'),
): EventStreams {
  const config = loadConfig({ STAGE: 'test', STREAMS_PER_CLIENT_MAX: String(maxPerClient) });
  const unread = createUnreadAnswers({ maxBytes: Infinity, stalledAfterMs: Infinity, onDisconnect: () => undefined });
  const streams = new EventStreams(config, { ...unread, makeRoom }, createMonotonicClock(), Date.now, metrics);
  return Object.assign(streams, { maxStreams });
}
