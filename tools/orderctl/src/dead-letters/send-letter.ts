import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { workQueueNames } from '@orderflow/contracts';
import { replayIdFor } from '@orderflow/domain/ids';
import { writeAttributes } from '@orderflow/platform/worker/message-attributes';
import type { ConnectedSystem } from '../connect.js';
import type { SendPlan } from './plan-replay.js';

/** Sends a dead letter to its original queue, with the attributes of other systems. */
export async function sendLetter(
  { aws, names, urlOf }: ConnectedSystem,
  { letter, ownQueue, body }: SendPlan,
): Promise<void> {
  const { originalMessageId, replayCount, foreign } = letter;
  const replay = { replayId: replayIdFor(originalMessageId), replayCount: String(replayCount + 1) };
  await aws.sqs.send(
    new SendMessageCommand({
      QueueUrl: await urlOf(workQueueNames(names, ownQueue).name),
      MessageBody: body,
      MessageAttributes: writeAttributes(replay, foreign),
    }),
  );
}
