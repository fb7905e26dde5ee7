/**
 * Removes one protection at a time, by changing requests and answers at the clients. An invariant that holds without
 * its protection proves nothing.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { BatchExecuteStatementCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { rewriting, sending, withoutClause, withoutConditions } from './clients.mjs';

/**
 * @typedef {import('@orderflow/platform/aws/clients').AwsClients} AwsClients
 * @typedef {import('./clients.mjs').Send} Send
 * @typedef {{ intervened: () => void, env: NodeJS.ProcessEnv }} Context
 * @typedef {(aws: AwsClients, context: Context) => AwsClients} Ablation
 * @typedef {import('../../../services/order-worker/dist/fulfilment/fulfilment.js').Fulfilment} Fulfilment
 */

/** @type {Record<string, (fulfilment: Fulfilment, intervened: () => void) => Fulfilment>} */
export const FULFILMENT_ABLATIONS = {
  /** Orders are given up without a cancel at the warehouse. */
  'no-cancel': (fulfilment, intervened) => ({
    ...fulfilment,
    cancel: () => {
      intervened();
      return Promise.resolve('cancelled');
    },
  }),
};

/** @type {Record<string, Ablation>} */
export const ABLATIONS = {
  /** Messages are deleted before they are handled. */
  'ack-before-effect': (aws, { intervened }) => ({
    ...aws,
    polling: sending(aws.polling, (send) => async (command, options) => {
      const answer = await send(command, options);
      const messages = /** @type {import('@aws-sdk/client-sqs').Message[]} */ (answer.Messages ?? []);
      if (!(command instanceof ReceiveMessageCommand) || messages.length === 0) return answer;
      intervened();
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await aws.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: command.input.QueueUrl, Entries }));
      return answer;
    }),
  }),

  /** Writes succeed in any state of the item. */
  'no-condition': (aws, { intervened }) => ({
    ...aws,
    dynamo: rewriting(aws, (statement) => {
      const cut = withoutConditions(statement);
      if (cut.Statement !== statement.Statement) intervened();
      return cut;
    }),
  }),

  /** Claims compare no content hashes: neither in their conditions nor when they see a refused item. */
  'claim-any-content': (aws, { intervened }) => {
    const dynamo = rewriting(aws, (statement) => {
      const cut = withoutClause(statement, / AND "contentHash" (?:= \?|IS MISSING)/);
      if (cut !== statement) intervened();
      return cut;
    });
    return {
      ...aws,
      dynamo: sending(dynamo, (send) => async (command, options) => {
        const answer = await send(command, options);
        if (!(command instanceof BatchExecuteStatementCommand)) return answer;
        const responses = /** @type {{ Error?: { Item?: Record<string, unknown> } }[]} */ (answer.Responses ?? []);
        for (const { Error: error } of responses) delete error?.Item?.['contentHash'];
        return answer;
      }),
    };
  },

  /** An item that exists already counts as inserted. */
  'no-read-back': (aws, { intervened }) => ({
    ...aws,
    dynamo: sending(aws.dynamo, (send) => async (command, options) => {
      const answer = await send(command, options);
      if (!(command instanceof BatchExecuteStatementCommand)) return answer;
      const Responses = /** @type {{ Error?: { Code?: string } }[]} */ (answer.Responses ?? []).map((response) => {
        if (response.Error?.Code !== 'DuplicateItem') return response;
        intervened();
        return {};
      });
      return { ...answer, Responses };
    }),
  }),

  /** Failed messages are retried at once. */
  'no-backoff': (aws, { intervened }) => ({
    ...aws,
    sqs: sending(aws.sqs, (send) => (command, options) => {
      if (!(command instanceof ChangeMessageVisibilityCommand)) return send(command, options);
      intervened();
      return send(new ChangeMessageVisibilityCommand({ ...command.input, VisibilityTimeout: 0 }), options);
    }),
  }),

  /** SIGTERM ends the process without a drain. */
  'stop-without-waiting': (aws, { intervened }) => {
    process.prependListener('SIGTERM', () => {
      intervened();
      process.exit(0);
    });
    return aws;
  },

  /** The sweeper sees every queue as empty. */
  'blind-to-backlog': (aws, { intervened }) => ({
    ...aws,
    sqs: sending(aws.sqs, (send) => (command, options) => {
      if (!(command instanceof GetQueueAttributesCommand)) return send(command, options);
      intervened();
      return Promise.resolve({ Attributes: {} });
    }),
  }),

  /** The sweeper sees every rule as enabled. */
  'blind-to-rules': (aws, { intervened }) => ({
    ...aws,
    eventBridge: sending(aws.eventBridge, (send) => async (command, options) => {
      const answer = await send(command, options);
      if (!(command instanceof DescribeRuleCommand)) return answer;
      intervened();
      return { ...answer, State: 'ENABLED' };
    }),
  }),

  /** A row that cannot be read looks like a table that cannot be reached. */
  'bad-row-is-an-outage': (aws, { intervened }) => ({
    ...aws,
    dynamo: sending(aws.dynamo, (send) => async (command, options) => {
      const answer = await send(command, options);
      const readsWhole = command instanceof GetCommand && command.input.ProjectionExpression === undefined;
      if (!readsWhole || !answer.Item || 'items' in answer.Item) return answer;
      intervened();
      throw Object.assign(new Error('cannot be read'), { name: 'InternalServerError' });
    }),
  }),

  /** A refusal of the caller looks like a refusal of the request. */
  'denial-blames-the-message': (aws, { intervened }) => {
    const blaming = (/** @type {Send} */ send) => (/** @type {any} */ command, /** @type {any} */ options) =>
      send(command, options).catch((/** @type {Error} */ error) => {
        if (!error.name.startsWith('AccessDenied')) throw error;
        intervened();
        throw Object.assign(new Error('refused'), { name: 'ValidationException' });
      });
    return {
      ...aws,
      dynamo: sending(aws.dynamo, blaming),
      eventBridge: sending(aws.eventBridge, blaming),
      sqs: sending(aws.sqs, blaming),
    };
  },

  /** Durations use the wall clock, and one failed check ends the process (clocks.mjs). */
  impatient: (aws, { intervened }) => {
    intervened();
    return aws;
  },

  /** Not an ablation: the third poll of an instance's first process never returns and ignores aborts. */
  'wedged-poller': (aws, { intervened, env }) => {
    const file = env['WEDGE_ONCE_FILE'];
    if (!file) throw new Error('wedged-poller needs WEDGE_ONCE_FILE, the path of a file that it can create.');
    let polls = 0;
    return {
      ...aws,
      polling: sending(aws.polling, (send) => (command, options) => {
        polls++;
        if (polls !== 3 || existsSync(file)) return send(command, options);
        writeFileSync(file, '');
        intervened();
        return new Promise(() => undefined);
      }),
    };
  },
};
