import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
} from '@aws-sdk/client-eventbridge';
import type { Scenario } from '../scenario.js';
import { appliedOnce, countIn, placeOrders, reaches } from '../support/orders.js';

const ORDERS = 5;
/** What somebody has mistyped. */
const WRONG_PATTERN = JSON.stringify({ source: ['orderflow.api-gateway'], 'detail-type': ['OrderCraeted'] });

export const eventsNotArriving: Scenario = {
  name: 'events-not-arriving',
  summary: "the bus's rule is disabled, or matches nothing: orders stay PENDING and are not lost",
  runsEmbedded: true,

  async play(story, sandbox) {
    story.act('Reproduce');
    const system = await sandbox.start();
    const place = { story, system };
    const { names } = await system.connect();
    const bus = new EventBridgeClient({
      ...{ endpoint: await system.awsEndpoint(), region: 'us-east-1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    sandbox.onDispose(() => {
      bus.destroy();
    });
    const rule = { Name: names.orderCreatedRule, EventBusName: names.bus };
    const { EventPattern } = await bus.send(new DescribeRuleCommand(rule));
    await bus.send(new DisableRuleCommand(rule));
    story.say(`Somebody has disabled the rule ${rule.Name}`);
    // LocalStack delivers what matches a disabled rule, AWS does not.
    await bus.send(new PutRuleCommand({ ...rule, State: 'DISABLED', EventPattern: WRONG_PATTERN }));
    story.say(`and mistyped its pattern: ${WRONG_PATTERN}`);
    const orders = await placeOrders(system, ORDERS);
    story.say(`${ORDERS} orders are placed over the API, and accepted.`);

    story.act('Symptom');
    await story.eventually('the sweeper has published them again, to no avail', async () => {
      const { output } = await story.type(`npm run --silent audit -- --tolerance 0`);
      return output.includes('published again') && !output.includes(' 0 times published again') ? true : undefined;
    });
    const pending = await countIn(system, orders, 'PENDING');
    story.check('all are PENDING still', pending === ORDERS, pending);

    story.act('Diagnosis');
    story.say('No worker has ever seen them; the bus has, and delivers them nowhere:');
    const { output } = await story.type('npm run --silent doctor');
    story.check('the doctor finds the rule', output.includes(rule.Name), output);

    story.act('Fix and verify');
    await story.fix('The rule is enabled, with its pattern:', async () => {
      await bus.send(new PutRuleCommand({ ...rule, State: 'ENABLED', EventPattern }));
      await bus.send(new EnableRuleCommand(rule));
    });
    story.say('Nobody places the orders anew. The outbox still knows them:');
    await reaches(place, orders, 'COMPLETED');
    await appliedOnce(place, orders);
    const audit = await story.type('npm run --silent audit');
    story.check('the audit is clean', audit.code === 0, audit.output);
  },
};
