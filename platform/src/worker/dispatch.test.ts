import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { OutgoingEvent } from '../events/publisher.js';
import { aDelivery } from '@orderflow/testing/delivery';
import { createRouter, on, type Registration } from './dispatch.js';
import type { Handler } from './types.js';

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

  @ValidateNested()
  @Type(() => Metadata)
  metadata!: Metadata;

  @IsObject()
  data!: object;
}
class Changed extends Made {
  static override readonly type = 'Changed';
}

const OUT: OutgoingEvent = { source: 's', type: 'Out', detail: { metadata: { occurredAt: 'now' }, data: {} } };
const bodyOf = (type: string) =>
  JSON.stringify({
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

function create(registrations: (handler: (name: string) => Handler<Made>) => Registration[], failing = false) {
  const steps: string[] = [];
  const handler =
    (name: string): Handler<Made> =>
    async () => {
      steps.push(name);
      return { outcome: 'processed', events: [OUT] };
    };
  const publisher = {
    publish: async ({ type }: OutgoingEvent) => {
      steps.push(`publish ${type}`);
      if (failing) throw new Error('the bus is away');
    },
    flush: async () => undefined,
  };
  return { steps, router: createRouter([Made, Changed], registrations(handler), publisher) };
}

describe('createRouter', () => {
  it.each<[string, (handler: (name: string) => Handler<Made>) => Registration[]]>([
    ['Changed v1 has 0 handlers', (h) => [on(Made, h('a'), h('b'))]],
    [
      'Made v1 has 2 handlers',
      (h) => [on(Made, h('a'), h('b')), on(Changed, h('a'), h('b')), on(Made, h('a'), h('b'))],
    ],
  ])('fails at start: %s', (message, registrations) => {
    expect(() => create(registrations)).toThrow(message);
  });

  const both = (h: (name: string) => Handler<Made>) => [
    on(Made, h('made'), h('made exhausted')),
    on(Changed, h('changed'), h('changed exhausted')),
  ];

  it('runs the handler of the event and publishes what it returns', async () => {
    const { router, steps } = create(both);
    const delivery = aDelivery({ body: bodyOf('Changed') });
    expect(await router.handle(delivery)).toBe('processed');
    expect(steps).toEqual(['changed', 'publish Out']);
    expect(delivery.facts).toEqual({
      type: 'Changed',
      eventId: 'e1',
      correlationId: 'c1',
      traceId: 'ab'.repeat(16),
    });
  });

  it('runs what is registered for an exhausted message', async () => {
    const { router, steps } = create(both);
    await router.exhausted(aDelivery({ body: bodyOf('Made') }));
    expect(steps).toEqual(['made exhausted', 'publish Out']);
  });

  it('has no outcome while an event could not be published', async () => {
    const { router } = create(both, true);
    await expect(router.handle(aDelivery({ body: bodyOf('Made') }))).rejects.toThrow('the bus is away');
  });
});
