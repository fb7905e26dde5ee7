import { Module } from '@nestjs/common';
import { Acceptance } from './acceptance.js';
import { SoonPublisher } from './soon-publisher.js';

@Module({ providers: [Acceptance, SoonPublisher], exports: [Acceptance, SoonPublisher] })
export class AcceptingModule {}
