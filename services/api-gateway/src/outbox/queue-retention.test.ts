import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { WORK_QUEUES } from '@orderflow/contracts';
import { parse } from 'yaml';
import { QUEUE_RETENTION_MS } from './outbox-sweeper.js';

type Queue = { Type: string; Properties: { RedrivePolicy?: object; MessageRetentionPeriod?: number } };

describe('the outbox', () => {
  it('knows how long the work queues keep a message', async () => {
    const file = new URL('../../../../infrastructure/template.yaml', import.meta.url);
    const { Resources: resources } = parse(await readFile(file, 'utf8'), { logLevel: 'silent' }) as {
      Resources: Record<string, Queue>;
    };
    // Only work queues have a dead-letter queue.
    const retentions = Object.values(resources)
      .filter(({ Type: type, Properties: { RedrivePolicy: policy } }) => type === 'AWS::SQS::Queue' && policy)
      .map(({ Properties: { MessageRetentionPeriod: seconds = 0 } }) => seconds * 1_000);
    expect(retentions).toEqual(WORK_QUEUES.map(() => QUEUE_RETENTION_MS));
  });
});
