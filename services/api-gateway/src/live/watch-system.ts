import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { EventStreams } from './event-stream.js';
import { SystemFeed } from './system-feed.js';

@Injectable()
export class WatchSystem {
  constructor(
    private readonly feed: SystemFeed,
    private readonly streams: EventStreams,
  ) {}

  /**
   * A stream of the whole system: `history`, with the current picture and the last minutes, then `system` about once a
   * second, with the changes. @throws ApiProblem TOO_MANY_STREAMS
   */
  async watch(client: string): Promise<Readable> {
    let unsubscribe: () => void = () => undefined;
    const stream = this.streams.open('system', client, () => {
      unsubscribe();
    });
    await this.feed.current();
    // Not the value that current() returned: an update may have been reported since.
    stream.send({ event: 'history', data: this.feed.whole() });
    if (stream.body.destroyed) return stream.body;
    unsubscribe = this.feed.subscribe((update) => {
      stream.send({ event: 'system', data: update });
    });
    return stream.body;
  }
}
