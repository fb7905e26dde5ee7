import { Module } from '@nestjs/common';
import { LOGGER } from '../infrastructure/tokens.js';
import { createKeepReadable, KEEP_READABLE } from './keep-readable.js';
import { createLimitConcurrency, LIMIT_LISTS } from './limit-concurrency.js';

/** For lists, timelines and notifications together. Each read holds up to 20 items of up to 100 KB. */
const LISTS = { atOnce: 2, maxWaiting: 100 };

/** Shared by everything that reads many items for a client. */
@Module({
  providers: [
    { provide: KEEP_READABLE, inject: [LOGGER], useFactory: createKeepReadable },
    { provide: LIMIT_LISTS, useFactory: () => createLimitConcurrency(LISTS) },
  ],
  exports: [KEEP_READABLE, LIMIT_LISTS],
})
export class ListsModule {}
