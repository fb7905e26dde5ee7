import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { OutgoingEvent } from '@orderflow/contracts';

export async function publish(
  eventBridge: EventBridgeClient,
  bus: string,
  { source, type, detail }: OutgoingEvent,
): Promise<void> {
  const { FailedEntryCount: failed = 0, Entries: entries } = await eventBridge.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: bus,
          Source: source,
          DetailType: type,
          Detail: JSON.stringify(detail),
          Time: new Date(detail.metadata.occurredAt),
        },
      ],
    }),
  );
  if (failed > 0) throw new Error(`the bus rejected ${type}: ${entries?.[0]?.ErrorMessage ?? 'no reason given'}`);
}
