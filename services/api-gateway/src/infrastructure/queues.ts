import { Injectable } from '@nestjs/common';
import { queueNames } from '@orderflow/contracts';
import { countQueue, type QueueCounts } from '@orderflow/platform/aws/queues';
import { createQueueUrls } from '@orderflow/platform/aws/queues';
import { exposeQueueDepths } from '@orderflow/platform/telemetry/queue-depths';
import { AwsClients, Metrics, MonotonicClock, ResourceNames } from './tokens.js';

/** Both functions take a queue's name. */
@Injectable()
export class Queues {
  readonly urlOf: (queue: string) => Promise<string>;
  readonly count: (queue: string) => Promise<QueueCounts>;

  constructor({ sqs }: AwsClients, names: ResourceNames, metrics: Metrics, monotonic: MonotonicClock) {
    this.urlOf = createQueueUrls(sqs);
    this.count = async (queue) => countQueue(sqs, await this.urlOf(queue));
    exposeQueueDepths(metrics, { queues: queueNames(names), count: this.count, monotonic });
  }
}
