import type { Readable } from 'node:stream';
import type { EventStreams } from './event-stream.js';
import type { SystemFeed } from './system-feed.js';

/**
 * A stream of the whole system: `history`, with the current picture and the last minutes, then `system` about once a
 * second, with the changes.
 */
export function createWatchSystem(feed: Pick<SystemFeed, 'current' | 'whole' | 'subscribe'>, streams: EventStreams) {
  /** @throws ApiProblem TOO_MANY_STREAMS */
  return async (client: string): Promise<Readable> => {
    let unsubscribe: () => void = () => undefined;
    const stream = streams.open('system', client, () => {
      unsubscribe();
    });
    await feed.current();
    // Not the value that current() returned: an update may have been reported since.
    stream.send({ event: 'history', data: feed.whole() });
    if (stream.body.destroyed) return stream.body;
    unsubscribe = feed.subscribe((update) => {
      stream.send({ event: 'system', data: update });
    });
    return stream.body;
  };
}

export const WATCH_SYSTEM = Symbol('WATCH_SYSTEM');
export type WatchSystem = ReturnType<typeof createWatchSystem>;
