import { Module } from '@nestjs/common';
import { PageReader } from './page-reader.js';
import { ReadableFilter } from './readable-filter.js';

/** Shared by everything that reads many items for a client. */
@Module({ providers: [PageReader, ReadableFilter], exports: [PageReader, ReadableFilter] })
export class ListsModule {}
