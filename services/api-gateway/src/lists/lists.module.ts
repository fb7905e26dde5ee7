import { Module } from '@nestjs/common';
import { LOGGER } from '../infrastructure/tokens.js';
import { createKeepReadable, KEEP_READABLE } from './keep-readable.js';
import { LIMIT_LISTS, limitLists } from './limit-concurrency.js';

/** What reading many items for a client has in common. */
@Module({
  providers: [
    { provide: KEEP_READABLE, inject: [LOGGER], useFactory: createKeepReadable },
    { provide: LIMIT_LISTS, useFactory: limitLists },
  ],
  exports: [KEEP_READABLE, LIMIT_LISTS],
})
export class ListsModule {}
