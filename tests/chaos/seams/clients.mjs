/** Clients whose requests or answers an ablation changes. */
import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';

/**
 * @typedef {import('@orderflow/platform/aws/clients').AwsClients} AwsClients
 * @typedef {(command: any, options: any) => Promise<any>} Send
 * @typedef {{ Statement: string, Parameters: unknown[] }} Statement
 */

/**
 * A client with another `send`.
 * @template {{ send: unknown }} Client
 * @param {Client} client
 * @param {(send: Send) => Send} change
 * @returns {Client}
 */
export function sending(client, change) {
  const send = /** @type {Send} */ (client.send).bind(client);
  return /** @type {Client} */ (/** @type {unknown} */ ({ send: change(send) }));
}

/**
 * A DynamoDB client with other statements.
 * @param {AwsClients} aws
 * @param {(statement: Statement) => Statement} change
 */
export function rewriting(aws, change) {
  return sending(aws.dynamo, (send) => (command, options) => {
    if (!(command instanceof BatchExecuteStatementCommand)) return send(command, options);
    const statements = /** @type {Statement[]} */ (command.input.Statements);
    return send(new BatchExecuteStatementCommand({ ...command.input, Statements: statements.map(change) }), options);
  });
}

const placeholdersIn = (/** @type {string} */ text) => text.split('?').length - 1;

/**
 * Keeps only the first condition of an UPDATE, which names the item.
 * @param {Statement} statement
 */
export function withoutConditions(statement) {
  const { Statement: text, Parameters: parameters } = statement;
  const [changes = '', where] = text.split(' WHERE ');
  if (!text.startsWith('UPDATE') || where === undefined) return statement;
  const [key = ''] = where.split(' AND ');
  const kept = parameters.slice(0, placeholdersIn(changes) + placeholdersIn(key));
  return { ...statement, Statement: `${changes} WHERE ${key}`, Parameters: kept };
}

/**
 * The UPDATE without the first condition that the pattern finds; unchanged if it finds none.
 * @param {Statement} statement
 * @param {RegExp} pattern
 */
export function withoutClause(statement, pattern) {
  const { Statement: text, Parameters: parameters } = statement;
  const found = pattern.exec(text);
  if (!text.startsWith('UPDATE') || !found) return statement;
  const [clause] = found;
  const first = placeholdersIn(text.slice(0, found.index));
  return {
    ...statement,
    Statement: text.slice(0, found.index) + text.slice(found.index + clause.length),
    Parameters: parameters.toSpliced(first, placeholdersIn(clause)),
  };
}
