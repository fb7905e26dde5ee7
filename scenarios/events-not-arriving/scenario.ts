import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  PutRuleCommand,
} from '@aws-sdk/client-eventbridge';
import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, countIn, placeOrders, reach } from '../support/orders.js';

const ORDERS = 5;
/** The audit's columns: total, terminal, in progress, dead-lettered, lost, markers. */
const IN_PROGRESS = new RegExp(`^orders +${ORDERS} +0 +${ORDERS} +0 +0 +${ORDERS}`, 'm');
/** Misspelt on purpose. */
const WRONG_PATTERN = JSON.stringify({ source: ['orderflow.api-gateway'], 'detail-type': ['OrderCraeted'] });

export const eventsNotArriving: Scenario = {
  name: 'events-not-arriving',
  summary: "the bus's rule is disabled or matches nothing: orders stay PENDING and are not lost",
  lesson:
    'A bus silently drops an event that no rule matches. The marker stays on each order until its outcome is confirmed, so a wrong rule loses nothing.',
  readOn: 'docs/reliability.md#the-marker',
  runsEmbedded: true,

  async play(story, sandbox) {
    story.act('Reproduce');
    const system = await sandbox.start();
    const place = { story, system };
    const { names, aws } = await system.connect();
    const bus = aws.eventBridge;
    const rule = { Name: names.orderCreatedRule, EventBusName: names.bus };
    const { EventPattern } = await bus.send(new DescribeRuleCommand(rule));
    await bus.send(new DisableRuleCommand(rule));
    story.say(`Someone has disabled the rule ${rule.Name}`);
    // LocalStack delivers events that match a disabled rule; AWS does not.
    await bus.send(new PutRuleCommand({ ...rule, State: 'DISABLED', EventPattern: WRONG_PATTERN }));
    story.say(`and mistyped its pattern: ${WRONG_PATTERN}`);
    const orders = await placeOrders(system, ORDERS);
    story.say(`${ORDERS} orders are placed through the API and accepted.`);

    story.act('Symptom');
    await story.typeUntil(
      system.logs('api-gateway', 'held back'),
      'the sweeper holds their events back and logs why',
      /held back[^]*is disabled/,
    );
    const pending = await countIn(system, orders, 'PENDING');
    story.check('all are still PENDING', pending === ORDERS, pending);

    story.act('Diagnosis');
    story.say('The audit counts an outbox marker for each of them, and no message in any queue:');
    const audit = await story.type('npm run --silent audit');
    story.check(`${ORDERS} orders are in progress, ${ORDERS} markers`, IN_PROGRESS.test(audit.output), audit.output);
    story.say('So the bus accepted the events but delivered none:');
    const { output } = await story.type("npm run --silent doctor | grep -v '✓'");
    story.check('the doctor finds the rule', output.includes(rule.Name), output);

    story.act('Fix and verify');
    await story.fix('The rule is enabled, with its pattern:', async () => {
      await bus.send(new PutRuleCommand({ ...rule, State: 'ENABLED', EventPattern }));
      await bus.send(new EnableRuleCommand(rule));
    });
    story.say('The orders are not placed again. The outbox still has them:');
    await reach(place, orders, 'COMPLETED');
    await checkAppliedOnce(place, orders);
    const after = await story.type('npm run --silent audit');
    story.check('the audit is clean', after.code === 0, after.output);
  },
};
