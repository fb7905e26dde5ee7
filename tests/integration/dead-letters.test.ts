import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Sqs } from '@orderflow/platform/aws/clients';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { drop } from '@orderflow/orderctl/dead-letters/drop';
import { list } from '@orderflow/orderctl/dead-letters/list';
import { replay, type ReplayOptions } from '@orderflow/orderctl/dead-letters/replay';
import { show } from '@orderflow/orderctl/dead-letters/show';
import { startEmulator } from '../support/embedded-system.js';
import type { Emulator } from '../support/emulator.js';
import { connectOperator, createTerminal } from '../support/operator.js';
import { bodyOf, order, put } from '../support/orders.js';
import { exhausted, type Letter, letter, send, receiveAll } from '../support/dead-letters.js';

/** The client, which calls `onCall` with each command before it sends it. */
function observed(client: Sqs, onCall: (command: string) => void): Sqs {
  const send = (command: object): unknown => {
    onCall(command.constructor.name);
    return client.send(command as never);
  };
  return { send } as Sqs;
}

const REPLAY: ReplayOptions = { maxReplays: 5 };

describe('dead letters', () => {
  let emulator: Emulator;
  let system: ConnectedSystem;
  let stages = 0;
  const inOrders = (...letters: Letter[]) => send(system, system.names.orderDeadLetterQueue, ...letters);

  beforeAll(async () => {
    emulator = await startEmulator();
  }, 120_000);

  afterAll(async () => {
    await emulator.dispose();
  });

  beforeEach(async () => {
    const stage = `dlq-${(stages += 1)}`;
    await emulator.deploy({ STAGE: stage });
    system = await connectOperator(emulator.url, stage);
  }, 30_000);

  afterEach(() => {
    system.aws.close();
  }, 30_000);

  it('can be received right after they were listed or shown', async () => {
    const record = order();
    const malformed = letter(bodyOf(record, { totalAmount: 'a lot' }), 'INVALID_EVENT', {
      path: 'detail.data.totalAmount',
    });
    await inOrders(malformed, malformed, { body: 'not json' });
    const terminal = createTerminal();
    expect(await list(system, terminal, {})).toBe(0);
    expect(terminal.said()).toBe('2 dead letters\n');
    expect(terminal.written()).toMatch(
      new RegExp(`orders +INVALID_EVENT +${record.orderId} .* 0 +2 +${malformed.attributes?.originalMessageId}`),
    );
    expect(terminal.written()).toMatch(/orders +MOVED_BY_QUEUE +- /);

    const shown = createTerminal();
    expect(await show(system, shown, malformed.attributes?.originalMessageId ?? '', {})).toBe(0);
    expect(shown.written()).toContain('INVALID_EVENT: detail.data.totalAmount');
    expect(shown.written()).toContain('"totalAmount": "a lot"');
    expect(await show(system, createTerminal(), randomUUID(), {})).toBe(1);

    expect(await receiveAll(system, system.names.orderDeadLetterQueue)).toHaveLength(3);
  }, 30_000);

  it('return to the queue when the operator interrupts', async () => {
    await inOrders(...Array.from({ length: 30 }, () => letter('x', 'NOT_JSON')));
    const terminal = createTerminal();
    const interrupting = observed(system.aws.polling, () => {
      terminal.interrupt();
    });
    const interrupted = { ...system, aws: { ...system.aws, polling: interrupting } };
    await expect(list(interrupted, terminal, {})).rejects.toThrow('The received messages are visible again');
    expect(await receiveAll(system, system.names.orderDeadLetterQueue)).toHaveLength(30);
  }, 30_000);

  it('are filtered by reason, time, order, id and queue', async () => {
    const record = order();
    const old = letter(bodyOf(record), 'INVALID_EVENT', { firstReceivedAt: '2020-01-01T00:00:00.000Z' });
    const young = letter(bodyOf(order()), 'NOT_JSON');
    const [id = ''] = await inOrders(old, young);
    await send(system, system.names.undeliveredQueue, {
      body: bodyOf(record),
      attributes: {
        ...{ RULE_ARN: 'arn:aws:events:r:1:rule/b/r', ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'may not' },
        TARGET_ARN: `arn:aws:sqs:us-east-1:000000000000:${system.names.orderQueue}`,
      },
    });
    const codes = async (options: Parameters<typeof list>[2]) => {
      const terminal = createTerminal();
      await list(system, terminal, { ...options, json: true });
      return terminal
        .documents<{ code: string }>()
        .map(({ code }) => code)
        .sort();
    };
    expect(await codes({ reason: ['NOT_JSON', 'NO_PERMISSIONS'] })).toEqual(['NOT_JSON', 'NO_PERMISSIONS']);
    expect(await codes({ since: '1h', queue: ['orders'] })).toEqual(['NOT_JSON']);
    expect(await codes({ until: '2020-01-01T00:00:00Z' })).toEqual(['INVALID_EVENT']);
    expect(await codes({ order: record.orderId })).toEqual(['INVALID_EVENT', 'NO_PERMISSIONS']);
    expect(await codes({ id })).toEqual(['INVALID_EVENT']);
    expect(await codes({ id: young.attributes?.originalMessageId ?? '' })).toEqual(['NOT_JSON']);
    expect(await codes({ queue: ['undelivered'] })).toEqual(['NO_PERMISSIONS']);
    await expect(codes({ queue: ['lost'] })).rejects.toThrow('--queue takes orders, notifications, undelivered');
    await expect(codes({ since: 'soon' })).rejects.toThrow('--since takes a time');
  }, 30_000);

  it('are sent to their own queue with replay id and count, then deleted', async () => {
    const record = exhausted();
    await put(system, record);
    await inOrders(letter(bodyOf(record), 'RECEIVES_EXHAUSTED', { replayId: randomUUID(), replayCount: '1' }));
    await send(system, system.names.undeliveredQueue, {
      body: bodyOf(record),
      attributes: { TARGET_ARN: `arn:aws:sqs:us-east-1:000000000000:${system.names.orderQueue}` },
    });
    const looking = createTerminal();
    expect(await replay(system, looking, { ...REPLAY, all: true, dryRun: true })).toBe(0);
    expect(looking.written()).toContain('would-replay');
    await expect(replay(system, looking, REPLAY)).rejects.toThrow('--all');

    const calls: string[] = [];
    const watched = observed(system.aws.sqs, (call) => {
      calls.push(call);
    });
    expect(
      await replay({ ...system, aws: { ...system.aws, sqs: watched } }, createTerminal(), { ...REPLAY, all: true }),
    ).toBe(0);
    expect(calls.indexOf('SendMessageCommand')).toBeLessThan(calls.indexOf('DeleteMessageBatchCommand'));

    const replayed = await receiveAll(system, system.names.orderQueue);
    expect(replayed.map(({ MessageAttributes: { replayCount } = {} }) => replayCount?.StringValue).sort()).toEqual([
      '1',
      '2',
    ]);
    expect(replayed.every(({ MessageAttributes: { replayId } = {} }) => replayId?.StringValue)).toBe(true);
    for (const queue of [system.names.orderDeadLetterQueue, system.names.undeliveredQueue]) {
      expect(await receiveAll(system, queue)).toEqual([]);
    }
  }, 30_000);

  it('stay in the queue when a replay refuses them, with the reason', async () => {
    const record = order();
    await put(system, record);
    await inOrders(
      letter(bodyOf(record, { totalAmount: 'a lot' }), 'INVALID_EVENT'),
      letter(bodyOf(order()), 'UNKNOWN_ITEM'),
      letter(bodyOf(record), 'RECEIVES_EXHAUSTED', { replayCount: '5' }),
    );
    await send(system, system.names.undeliveredQueue, {
      body: bodyOf(record),
      attributes: { TARGET_ARN: 'arn:aws:sqs:us-east-1:000000000000:elsewhere' },
    });
    const terminal = createTerminal();
    expect(await replay(system, terminal, { ...REPLAY, all: true })).toBe(1);
    expect(terminal.written()).toContain('INVALID_EVENT: detail.data.totalAmount');
    expect(terminal.written()).toMatch(/UNKNOWN_ITEM: there is no order .* \(at detail\.data\.orderId\)/);
    expect(terminal.written()).toContain('REPLAYED_TOO_OFTEN: replayed 5 times already');
    expect(terminal.written()).toContain('UNKNOWN_TARGET');
    expect(terminal.said()).toContain('0 replayed, 4 refused and left where they are');

    const patching = createTerminal();
    const patch = '[{"op":"test","path":"/detail/data/customerId","value":"somebody else"}]';
    expect(await replay(system, patching, { ...REPLAY, queue: ['orders'], patch })).toBe(1);
    expect(patching.written()).toContain('operation 1 (test /detail/data/customerId) does not apply');
    await expect(replay(system, patching, { ...REPLAY, all: true, patch: '[{"op":"put"}]' })).rejects.toThrow(
      'RFC 6902',
    );
    expect(await receiveAll(system, system.names.orderDeadLetterQueue)).toHaveLength(3);
  }, 30_000);

  it('are dropped after a confirmation', async () => {
    await inOrders(letter('x', 'NOT_JSON'), letter('y', 'NOT_JSON'), letter('z', 'INVALID_EVENT'));
    await expect(drop(system, createTerminal(), { all: true })).rejects.toThrow('--yes');
    const no = createTerminal({ answer: '' });
    expect(await drop(system, no, { reason: ['NOT_JSON'] })).toBe(0);
    expect(no.questions).toEqual(['Drop 2 messages for good? [y/N] ']);
    const looking = createTerminal();
    expect(await drop(system, looking, { all: true, dryRun: true })).toBe(0);
    expect(looking.said()).toContain('3 would be dropped');

    const yes = createTerminal({ answer: 'y' });
    expect(await drop(system, yes, { reason: ['NOT_JSON'] })).toBe(0);
    expect(yes.said()).toContain('2 dropped');
    expect(await drop(system, createTerminal(), { all: true, yes: true })).toBe(0);
    expect(await receiveAll(system, system.names.orderDeadLetterQueue)).toEqual([]);
  }, 30_000);
});
