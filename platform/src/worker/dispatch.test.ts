import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { aDelivery } from '@orderflow/testing/delivery';
import { createDispatcher, on } from './dispatch.js';
import type { Handler } from './delivery.js';

class Metadata {
  @IsInt()
  version!: number;

  @IsString()
  eventId!: string;

  @IsString()
  correlationId!: string;

  @IsOptional()
  @IsString()
  traceparent?: string;
}
class Made {
  static readonly type: string = 'Made';
  static readonly version = 1;
  static readonly source = 'maker';

  @ValidateNested()
  @Type(() => Metadata)
  metadata!: Metadata;

  @IsObject()
  data!: object;
}
class Changed extends Made {
  static override readonly type = 'Changed';
}

const bodyOf = (type: string) =>
  JSON.stringify({
    source: 'maker',
    'detail-type': type,
    detail: {
      metadata: {
        version: 1,
        eventId: 'e1',
        correlationId: 'c1',
        traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
      },
      data: {},
    },
  });

const handler: Handler<Made> = async () => ({ outcome: 'processed', events: [] });

describe('createDispatcher', () => {
  it.each([
    ['Changed v1 has 0 handlers', [Made]],
    ['Made v1 has 2 handlers', [Made, Changed, Made]],
  ])('fails at start: %s', (message, classes) => {
    const registrations = classes.map((EventClass) => on(EventClass, handler, handler));
    expect(() => createDispatcher([Made, Changed], registrations, JSON.stringify)).toThrow(message);
  });

  it('picks the handlers of the event, hands the content hash on, and notes what belongs in the log line', () => {
    const registrations = [on(Made, handler, handler), on(Changed, handler, handler)];
    const delivery = aDelivery({ body: bodyOf('Changed') });
    const dispatch = createDispatcher([Made, Changed], registrations, JSON.stringify);
    const { event, registration, decoded } = dispatch(delivery);
    expect(registration).toBe(registrations[1]);
    expect(event).toBeInstanceOf(Changed);
    expect(decoded).toEqual({ ...delivery, contentHash: '{}' });
    // Shared, because the middleware outside reads what the handler leaves there.
    expect(decoded.claim).toBe(delivery.claim);
    expect(delivery.facts).toEqual({ type: 'Changed', eventId: 'e1', correlationId: 'c1', traceId: 'ab'.repeat(16) });
  });
});
