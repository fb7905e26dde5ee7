import type { Scenario } from '../scenario.js';
import type { BreakableSystem } from '../support/breakable-system.js';
import { checkAppliedOnce, countIn, placeOrders, reach } from '../support/orders.js';
import type { Story } from '../support/story.js';

const ORDERS = 12;
/** Long enough to kill the worker during the work, which takes Compose a second or two. */
const FULFILMENT_DELAY_MS = '3000';
/** Usually one visibility timeout of 30 s; some runs took two, and a busy machine adds to that. */
const REDELIVERED_WITHIN_MS = 150_000;

async function ordersAtWork(story: Story, system: BreakableSystem): Promise<string[]> {
  const orders = await placeOrders(system, ORDERS);
  const areSomeAtWork = async () => (await countIn(system, orders, 'PROCESSING')) > 0;
  await story.eventually(areSomeAtWork, `some of ${ORDERS} orders are PROCESSING`);
  return orders;
}

/** How many of the orders were delivered more than once, by the worker's log. */
async function redelivered(story: Story, system: BreakableSystem, orders: string[]): Promise<number> {
  const { output } = await story.type(system.logs('order-worker', 'attempt=([2-9]|[1-9][0-9])'));
  return orders.filter((orderId) => output.includes(orderId)).length;
}

export const gracefulShutdown: Scenario = {
  name: 'graceful-shutdown',
  summary: 'SIGTERM under load drains; SIGKILL leaves work to repeat',
  lesson:
    'On SIGTERM a worker finishes the messages in flight. A killed worker loses nothing either, but its orders wait for the visibility timeout.',
  readOn: 'docs/reliability.md#draining',
  runsEmbedded: true,

  async play(story, sandbox) {
    story.act('Reproduce');
    const system = await sandbox.start({ variables: { FULFILMENT_DELAY_MS } });
    const place = { story, system };
    const killed = await ordersAtWork(story, system);
    await system.kill('order-worker');

    story.act('Symptom');
    const stranded = await countIn(system, killed, 'PROCESSING');
    story.check('orders are left PROCESSING', stranded > 0, stranded);
    await system.start('order-worker');
    await reach(place, killed, 'COMPLETED', REDELIVERED_WITHIN_MS);

    story.act('Diagnosis');
    story.say('The messages that were in flight were redelivered after the visibility timeout:');
    const again = await redelivered(story, system, killed);
    story.check('some were redelivered', again > 0, again);
    const { output } = await story.type(system.logs('order-worker', 'draining|drained'));
    story.check('the log shows no drain', !output.includes('drained'), output);
    await checkAppliedOnce(place, killed);

    story.act('Fix and verify');
    const stopped = await ordersAtWork(story, system);
    await story.fix('The worker gets SIGTERM and time to drain:', () => system.stop('order-worker'));
    const { output: drained } = await story.type(system.logs('order-worker', 'draining|drained'));
    story.check('it has drained', drained.includes('drained'), drained);
    const left = await countIn(system, stopped, 'PROCESSING');
    story.check('no order is left PROCESSING', left === 0, `${left} orders`);
    await system.start('order-worker');
    await reach(place, stopped, 'COMPLETED', 60_000);
    story.check('nothing was redelivered', (await redelivered(story, system, stopped)) === 0);
    await checkAppliedOnce(place, stopped);
  },
};
