import { OrderCreatedEvent } from '@orderflow/contracts';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/** The event in a message body. @throws if it is not a valid event */
export function readEvent(body: string): OrderCreatedEvent {
  const { detail } = JSON.parse(body) as { detail: object };
  const event = plainToInstance(OrderCreatedEvent, detail);
  const errors = validateSync(event, { forbidUnknownValues: true });
  if (errors.length > 0) throw new Error(`invalid event: ${errors.join('; ')}`);
  return event;
}
