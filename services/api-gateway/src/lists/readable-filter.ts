import { Injectable } from '@nestjs/common';
import { Logger } from '../infrastructure/tokens.js';

type Item = Record<string, unknown>;

/** Ids of logged items that are remembered. */
const MAX_LOGGED = 1_000;

@Injectable()
export class ReadableFilter {
  private readonly logged = new Set<string>();

  constructor(private readonly logger: Logger) {}

  /** Keeps the well-formed items. Each malformed one is left out and logged once, by its id. */
  keep<T>(items: readonly Item[], isReadable: (item: Item) => item is Item & T, key: string): T[] {
    return items.filter((item): item is Item & T => {
      if (isReadable(item)) return true;
      const id = String(item[key]);
      if (this.logged.has(id)) return false;
      if (this.logged.size >= MAX_LOGGED) this.logged.clear();
      this.logged.add(id);
      this.logger.warn('stored item is malformed', { [key]: id });
      return false;
    });
  }
}
