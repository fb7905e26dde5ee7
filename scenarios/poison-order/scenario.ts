import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, placeOrder, placeOrders, reach } from '../support/orders.js';

const PRODUCT = 'anvil';
const BUG = { FULFILMENT_BREAKS_ON: PRODUCT };

export const poisonOrder: Scenario = {
  name: 'poison-order',
  summary: 'an order fails at every attempt: backoff, dead letter, FAILED, replay',
  lesson:
    'An order that always fails costs a bounded number of attempts with growing pauses. Then its message is a dead letter. Fix the cause first, then replay it.',
  readOn: 'docs/reliability.md#retries-dead-letters-replays',
  runsEmbedded: true,

  async play(story, sandbox) {
    story.act('Reproduce');
    const system = await sandbox.start({ variables: BUG });
    const place = { story, system };
    story.say(`The order-worker has a bug: it cannot fulfil the product ${PRODUCT}.`);
    const poison = await placeOrder(system, PRODUCT);
    const others = await placeOrders(system, 5);
    story.say(`Order ${poison} wants one; 5 other orders do not.`);

    story.act('Symptom');
    await reach(place, others, 'COMPLETED');
    await reach(place, [poison], 'FAILED', 60_000);
    const { output: failed } = await story.type(await system.curl(`/api/orders/${poison}`));
    story.check('it says that the retries are exhausted', failed.includes('RETRIES_EXHAUSTED'), failed);

    story.act('Diagnosis');
    story.say('Look at the times, delaySeconds and attempt. err shows the cause:');
    const { output } = await story.type(system.logs('order-worker', poison));
    const retries = output.split('\n').filter((line) => line.includes('outcome=retry'));
    story.check(
      'it was retried after pauses',
      retries.length > 1 && retries.every((line) => /delaySeconds=[1-9]/.test(line)),
    );
    story.check(
      'again and again for the same reason',
      retries.filter((line) => line.includes(`cannot handle ${PRODUCT}`)).length > 1,
      output,
    );
    const letters = await story.type(`npm run --silent dlq -- list --order ${poison}`);
    story.check('its message is a dead letter now', letters.output.includes(poison), letters.output);

    story.act('Fix and verify');
    await story.fix('A worker without the bug is deployed:', () =>
      system.reconfigure('order-worker', { FULFILMENT_BREAKS_ON: '' }),
    );
    await story.fix('The dead letter is replayed:', () =>
      story.type(`npm run --silent dlq -- replay --order ${poison}`),
    );
    await reach(place, [poison], 'COMPLETED');
    await checkAppliedOnce(place, [poison, ...others]);
    const { output: left } = await story.type('npm run --silent dlq -- list');
    story.check('no dead letter is left', !left.includes(poison), left);
  },
};
