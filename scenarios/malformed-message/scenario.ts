import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { bodyOf, order, put } from '../../tests/support/orders.js';
import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, placeOrders, reach, showOrder } from '../support/orders.js';

/** An order that a script stored without a marker, so it depends on its message alone. */
function unmarked(): OrderRecord {
  const { outboxAt: _at, outboxShard: _shard, ...record } = order();
  return record;
}

export const malformedMessage: Scenario = {
  name: 'malformed-message',
  summary: 'malformed messages are sent straight to the queue; one is corrected and replayed',
  lesson:
    'A malformed message is dead-lettered at its first receive, with the reason, and other messages are not affected. A retry cannot help, but a corrected replay can.',
  readOn: 'docs/failure-moments.md#permanent-errors',
  runsEmbedded: true,

  async play(story, sandbox) {
    story.act('Reproduce');
    const system = await sandbox.start();
    const place = { story, system };
    const operator = await system.connect();
    const { aws, names, urlOf } = operator;
    const imported = unmarked();
    await put(operator, imported);
    const malformed: [what: string, code: string, body: string][] = [
      ['not JSON', 'NOT_JSON', 'order one book, please'],
      ['JSON, but no envelope', 'NOT_AN_ENVELOPE', '{"order":"one book"}'],
      ['an unknown version', 'UNKNOWN_EVENT_VERSION', bodyOf(order(), {}, { version: 9 })],
      ['a field of another type', 'INVALID_EVENT', bodyOf(imported, { totalAmount: '12.50 EUR' })],
      ['an order that does not exist', 'UNKNOWN_ITEM', bodyOf(order())],
    ];
    const QueueUrl = await urlOf(names.orderQueue);
    story.say(`A script stores order ${imported.orderId} and sends messages to ${names.orderQueue} directly:`);
    for (const [what, , body] of malformed) {
      await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      story.say(`  ${what.padEnd(28)} ${body.slice(0, 60)}`);
    }
    const neighbours = await placeOrders(system, 10);
    story.say('Meanwhile 10 orders are placed through the API.');

    story.act('Symptom');
    await reach(place, neighbours, 'COMPLETED');
    await showOrder(place, imported.orderId, 'PENDING');
    await story.typeUntil(
      system.logs('order-worker', 'dead-lettered'),
      'the worker has dead-lettered five messages',
      /(dead-lettered [^]*){5}/,
    );

    story.act('Diagnosis');
    const { output: list } = await story.type('npm run --silent dlq -- list');
    for (const [what, code] of malformed) story.check(`${what}: ${code}`, list.includes(code), list);
    const id = idOf(list, 'INVALID_EVENT');
    const shown = await story.type(`npm run --silent dlq -- show ${id}`);
    story.check('it names the wrong path', shown.output.includes('detail.data.totalAmount'), shown.output);
    const refused = await story.type(`npm run --silent dlq -- replay --id ${id}`);
    story.check('a message that is still malformed is not replayed', refused.code !== 0, refused.output);

    story.act('Fix and verify');
    const patch = JSON.stringify([{ op: 'replace', path: '/detail/data/totalAmount', value: 12.5 }]);
    await story.fix('The amount is corrected on the way back into the queue:', () =>
      story.type(`npm run --silent dlq -- replay --id ${id} --patch '${patch}'`),
    );
    await reach(place, [imported.orderId], 'COMPLETED');
    await checkAppliedOnce(place, [imported.orderId, ...neighbours]);
    await story.fix('The rest cannot be corrected and is dropped:', () =>
      story.type('npm run --silent dlq -- drop --all --yes'),
    );
    const left = await story.type('npm run --silent dlq -- list --json');
    story.check('no dead letter is left', !left.output.includes('{'), left.output);
  },
};

/** The id of the message in the list's line with this reason. */
function idOf(list: string, code: string): string {
  const line = list.split('\n').find((text) => text.includes(code)) ?? '';
  return line.trim().split(/\s+/).at(-1) ?? '';
}
