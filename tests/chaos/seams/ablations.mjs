/**
 * Protections taken away one at a time, from outside: what a process sends, or is told, is changed on its way to the
 * clients. An invariant that still holds under the ablation of its protection has proved nothing.
 */
import { existsSync, writeFileSync } from 'node:fs';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';

/**
 * @typedef {import('@orderflow/platform/aws/clients').AwsClients} AwsClients
 * @typedef {(command: any, options: any) => Promise<any>} Send
 * @typedef {{ intervened: () => void, env: NodeJS.ProcessEnv }} Context
 * @typedef {(aws: AwsClients, context: Context) => AwsClients} Ablation
 * @typedef {{ Statement: string, Parameters: unknown[] }} Statement
 */

/**
 * A client with another way to send.
 * @template {{ send: unknown }} Client
 * @param {Client} client
 * @param {(send: Send) => Send} change
 * @returns {Client}
 */
function sending(client, change) {
  const send = /** @type {Send} */ (client.send).bind(client);
  return /** @type {Client} */ (/** @type {unknown} */ ({ send: change(send) }));
}

/**
 * @param {AwsClients} aws
 * @param {(statement: Statement) => Statement} change
 */
function rewriting(aws, change) {
  return sending(aws.dynamo, (send) => (command, options) => {
    if (!(command instanceof BatchExecuteStatementCommand)) return send(command, options);
    const statements = /** @type {Statement[]} */ (command.input.Statements);
    return send(new BatchExecuteStatementCommand({ ...command.input, Statements: statements.map(change) }), options);
  });
}

const placeholdersIn = (/** @type {string} */ text) => text.split('?').length - 1;

/**
 * Cuts conditions out of an UPDATE, with their parameters.
 * @param {Statement} statement
 * @param {(condition: string, index: number, changes: string) => boolean} isKept
 */
function keepConditions(statement, isKept) {
  const { Statement: text, Parameters: parameters } = statement;
  const [changes = '', where] = text.split(' WHERE ');
  if (!text.startsWith('UPDATE') || where === undefined) return statement;
  let at = placeholdersIn(changes);
  const kept = parameters.slice(0, at);
  const conditions = where.split(' AND ').filter((condition, index) => {
    const own = parameters.slice(at, (at += placeholdersIn(condition)));
    if (!isKept(condition, index, changes)) return false;
    kept.push(...own);
    return true;
  });
  return { ...statement, Statement: `${changes} WHERE ${conditions.join(' AND ')}`, Parameters: kept };
}

/**
 * @param {(condition: string, index: number, changes: string) => boolean} isKept
 * @returns {Ablation}
 */
const withConditions =
  (isKept) =>
  (aws, { intervened }) => ({
    ...aws,
    dynamo: rewriting(aws, (statement) => {
      const cut = keepConditions(statement, isKept);
      if (cut.Statement !== statement.Statement) intervened();
      return cut;
    }),
  });

/** @type {Record<string, Ablation>} */
export const ABLATIONS = {
  /** A message is gone before its handler has begun. */
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

  /** Every write succeeds, whatever state the item is in. The first condition names the item. */
  'no-condition': withConditions((_, index) => index === 0),

  /** A message may claim an item that another message works on; only the outcome still asks whose claim it is. */
  'claim-without-holder': withConditions(
    (condition, index, changes) =>
      index === 0 || !changes.includes('"holder"') || !/"(holder|claimToken|leaseUntil|version)"/.test(condition),
  ),

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

  /** What failed is tried again at once. */
  'no-backoff': (aws, { intervened }) => ({
    ...aws,
    sqs: sending(aws.sqs, (send) => (command, options) => {
      if (!(command instanceof ChangeMessageVisibilityCommand)) return send(command, options);
      intervened();
      return send(new ChangeMessageVisibilityCommand({ ...command.input, VisibilityTimeout: 0 }), options);
    }),
  }),

  /** What cannot be handled is dropped: the dead letter is never sent. */
  'no-dead-letter': (aws, { intervened }) => ({
    ...aws,
    sqs: sending(aws.sqs, (send) => (command, options) => {
      if (!(command instanceof SendMessageCommand)) return send(command, options);
      intervened();
      return Promise.resolve({ MessageId: 'dropped' });
    }),
  }),

  /** SIGTERM ends the process as it stands. */
  'stop-without-waiting': (aws, { intervened }) => {
    process.prependListener('SIGTERM', () => {
      intervened();
      process.exit(0);
    });
    return aws;
  },

  /** Not an ablation: the third poll of an instance's first process never returns, and hears of no abort. */
  'wedged-poller': (aws, { intervened, env }) => {
    const file = env['WEDGE_ONCE_FILE'];
    if (!file) throw new Error('wedged-poller needs WEDGE_ONCE_FILE, the path of a file that it can make.');
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
