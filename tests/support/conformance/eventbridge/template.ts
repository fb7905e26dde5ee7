import { DescribeEventBusCommand, DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { verdictOf, type ConformanceCase } from '../conformance-case.js';

const DEPLOYED = 'The deployed template';

export const TEMPLATE_CASES: ConformanceCase[] = [
  {
    group: DEPLOYED,
    name: 'the rule order-created and its target',
    expected: 'ENABLED, order queue',
    observe: async ({ eventBridge, names }) => {
      const named = { EventBusName: names.bus };
      const rule = await eventBridge.send(new DescribeRuleCommand({ Name: names.orderCreatedRule, ...named }));
      const { Targets: targets = [] } = await eventBridge.send(
        new ListTargetsByRuleCommand({ Rule: names.orderCreatedRule, ...named }),
      );
      const isQueue = targets.length === 1 && targets[0]?.Arn?.endsWith(`:${names.orderQueue}`);
      return `${rule.State ?? '?'}, ${isQueue ? 'order queue' : 'another target'}`;
    },
  },
  {
    group: DEPLOYED,
    name: 'a rule, targets of a rule, and a bus that do not exist',
    aws: 'ResourceNotFoundException',
    expected: 'ResourceNotFoundException three times',
    differs: {
      MiniStack: {
        shows: 'ResourceNotFoundException, accepted, ResourceNotFoundException',
        why: 'a rule that does not exist has an empty list of targets',
      },
    },
    observe: async ({ eventBridge, names }) => {
      const named = { EventBusName: names.bus };
      const verdicts = [
        await verdictOf(eventBridge.send(new DescribeRuleCommand({ Name: 'no-such-rule', ...named }))),
        await verdictOf(eventBridge.send(new ListTargetsByRuleCommand({ Rule: 'no-such-rule', ...named }))),
        await verdictOf(eventBridge.send(new DescribeEventBusCommand({ Name: 'no-such-bus' }))),
      ];
      return new Set(verdicts).size === 1 ? `${verdicts[0] ?? ''} three times` : verdicts.join(', ');
    },
  },
  {
    group: DEPLOYED,
    name: 'deployed a second time',
    aws: 'nothing to update',
    expected: 'up to date, data kept',
    differs: { fake: { shows: 'not deployed', why: 'it is built from the template, there is no CloudFormation' } },
    observe: async ({ deployAgain, dynamo, names }, id) => {
      if (!deployAgain) return 'not deployed';
      const Statement = `INSERT INTO "${names.ordersTable}" VALUE {'orderId': ?}`;
      await dynamo.send(new BatchExecuteStatementCommand({ Statements: [{ Statement, Parameters: [id] }] }));
      const said = await deployAgain();
      const { Item: kept } = await dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: { orderId: id } }));
      return `${said.includes('is up to date') ? 'up to date' : said.trim()}, data ${kept ? 'kept' : 'lost'}`;
    },
  },
];
