import { Module } from '@nestjs/common';
import { Acceptance } from './acceptance.js';

@Module({ providers: [Acceptance], exports: [Acceptance] })
export class AcceptingModule {}
