import type { Readable } from 'node:stream';
import { ApiProblem } from '../http/api-problem.js';
import type { EventStreams } from './event-stream.js';
import type { SystemFeed } from './system-feed.js';

/**
 * A stream of the whole system: `history`, with what is watched and the last minutes, then `system` about once a second,
 * with what has changed.
 */
export function createWatchSystem(feed: SystemFeed, streams: EventStreams) {
  /** @throws ApiProblem TOO_MANY_STREAMS */
  return async (): Promise<Readable> => {
    const history = await feed.current();
    let unsubscribe: () => void = () => undefined;
    const stream = streams.open('system', () => {
      unsubscribe();
    });
    if (!stream) throw new ApiProblem('TOO_MANY_STREAMS', 'Too many clients watch here. Try again shortly.');
    stream.send({ event: 'history', data: history });
    unsubscribe = feed.subscribe((update) => {
      stream.send({ event: 'system', data: update });
    });
    return stream.body;
  };
}

export type WatchSystem = ReturnType<typeof createWatchSystem>;
