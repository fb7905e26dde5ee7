import { Parser } from '@asyncapi/parser';
import { describe, expect, it, jest } from '@jest/globals';
import { EVENT_CLASSES, WORK_QUEUES, workQueueNames } from '@orderflow/contracts';
import { bodyOf, NAMES, startApi } from '@orderflow/testing/api-gateway/start-api';

async function read<Document>(url: string): Promise<Document> {
  const { get } = await startApi();
  const answer = await get(url);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  return bodyOf<Document>(answer);
}

let parsed: ReturnType<Parser['parse']> | undefined;

/** Parsed once, because parsing takes longer than all checks. */
async function parseAsyncApi() {
  parsed ??= new Parser().parse(JSON.stringify(await read<object>('/asyncapi.json')));
  return parsed;
}

// The parsers take seconds on a busy machine.
jest.setTimeout(60_000);

describe('/asyncapi.json', () => {
  it('is a valid AsyncAPI document', async () => {
    const { document, diagnostics } = await parseAsyncApi();
    const errorsAndWarnings: number[] = [0, 1];
    expect(diagnostics.filter(({ severity }) => errorsAndWarnings.includes(severity))).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });

  it('describes every event, with envelope and data', async () => {
    const { document } = await parseAsyncApi();
    const channels = document!.allChannels().all();
    expect(channels.map((channel) => channel.address()).sort()).toEqual(
      [NAMES.bus, ...WORK_QUEUES.map((queue) => workQueueNames(NAMES, queue).name)].sort(),
    );
    const bus = channels.find((channel) => channel.address() === NAMES.bus)!;
    const messages = bus.messages().all();
    expect(messages.map((message) => message.name()).sort()).toEqual(EVENT_CLASSES.map(({ type }) => type).sort());
    for (const message of messages) {
      const detail = message.payload()!.properties()!.detail!.properties()!;
      expect(Object.keys(detail.metadata!.properties()!)).toContain('eventId');
      expect(Object.keys(detail.data!.properties()!)).toContain('orderId');
    }
  });

  it('describes the events that are sent', async () => {
    const { document } = await parseAsyncApi();
    const created = document!
      .allMessages()
      .all()
      .find((message) => message.name() === 'OrderCreated')!;
    const data = created.payload()!.properties()!.detail!.properties()!.data!;
    expect(Object.keys(data.properties()!).sort()).toEqual([
      'createdAt',
      'customerId',
      'items',
      'orderId',
      'totalAmount',
    ]);
    expect(data.required()).toEqual(expect.arrayContaining(['createdAt', 'customerId', 'items', 'orderId']));
  });
});
