import type { Readable } from 'node:stream';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { SystemState } from '@orderflow/contracts';
import type { Stopwatch } from '@orderflow/platform/runtime/clock';
import { toError } from '@orderflow/platform/runtime/errors';
import { Clock, Logger, MonotonicClock } from '../infrastructure/tokens.js';
import { ReadableFilter } from '../lists/readable-filter.js';
import { EventStreams, type Client } from './event-stream.js';
import { createPicture, type Picture } from './system-picture.js';
import { SystemSources } from './system-sources.js';

const INTERVAL_MS = 1_000;
/** Reading continues for this long without subscribers, so that a reloaded page still shows the last minutes. */
const LINGER_MS = 30_000;
/** One reader for all clients that watch the system. Orders beyond the follower's rate are not shown individually. */
@Injectable()
export class SystemFeed implements BeforeApplicationShutdown {
  private readonly listeners = new Set<(update: SystemState) => void>();
  private picture: Picture | undefined;
  private firstLook: Promise<unknown> = Promise.resolve();
  private unwantedForMs: Stopwatch;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly sources: SystemSources,
    private readonly streams: EventStreams,
    private readonly readable: ReadableFilter,
    private readonly logger: Logger,
    private readonly now: Clock,
    private readonly monotonic: MonotonicClock,
  ) {
    this.unwantedForMs = monotonic.startStopwatch();
  }

  /** Resolves with the picture once AWS has been read for the first time. */
  async current(): Promise<SystemState> {
    const running = this.begin();
    await this.firstLook;
    return running.whole();
  }

  /** The picture at this moment. A subscriber in the same turn of the event loop misses no update after it. */
  whole(): SystemState {
    return this.begin().whole();
  }

  /** Reports changes about once a second. @returns a function that unsubscribes */
  subscribe(onUpdate: (update: SystemState) => void): () => void {
    this.listeners.add(onUpdate);
    return () => {
      this.listeners.delete(onUpdate);
      this.unwantedForMs = this.monotonic.startStopwatch();
    };
  }

  /**
   * A stream of the whole system: `history`, with the current picture and the last minutes, then `system` about once a
   * second, with the changes.
   * @throws ApiProblem TOO_MANY_STREAMS
   */
  async watch(client: Client): Promise<Readable> {
    let unsubscribe: () => void = () => undefined;
    const stream = this.streams.open('system', client, () => {
      unsubscribe();
    });
    await this.current();
    // Not the value that current() returned: an update may have been reported since.
    stream.send({ event: 'history', data: this.whole() });
    if (stream.body.destroyed) return stream.body;
    unsubscribe = this.subscribe((update) => {
      stream.send({ event: 'system', data: update });
    });
    return stream.body;
  }

  /** Stops looking. */
  beforeApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private begin(): Picture {
    this.unwantedForMs = this.monotonic.startStopwatch();
    if (!this.picture) {
      this.picture = createPicture(this.sources, this.readable, this.now);
      this.firstLook = this.look(this.picture);
    }
    return this.picture;
  }

  private async look(running: Picture): Promise<void> {
    try {
      const update = await running.look();
      for (const listener of this.listeners) listener(update);
    } catch (error) {
      // Only a timer waits for a look, and an unhandled rejection would end the process.
      this.logger.error('look at the system failed', { err: toError(error) });
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      if (this.listeners.size > 0 || this.unwantedForMs() < LINGER_MS) void this.look(running);
      else this.picture = undefined;
    }, INTERVAL_MS);
  }
}
