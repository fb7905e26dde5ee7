import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { createStatementExecutor, type Statement } from '@orderflow/platform/dynamodb/executor';
import { claim, finish, insert } from '@orderflow/platform/work-item/transitions';
import { ABLATIONS } from './ablations.mjs';

const table = ordersTable(resourceNames('local'));
const entry = { name: 'entry' };
const seen = { version: 1, lastReplayId: '' };
const request = { messageId: 'message-1', claimToken: 'token-1', now: 1, leaseUntil: 2, entry };

/** The statement that reaches DynamoDB, and the logged interventions. */
async function sent(name: string, statement: Statement) {
  const statements: { Statement?: string; Parameters?: unknown[] }[] = [];
  let interventions = 0;
  const client = {
    send: (command: BatchExecuteStatementCommand) => {
      statements.push(...((command.input.Statements ?? []) as typeof statements));
      return Promise.resolve({ Responses: [{}] });
    },
  };
  const { dynamo } = ABLATIONS[name]!({ dynamo: client } as unknown as AwsClients, {
    intervened: () => interventions++,
    env: {},
  });
  await createStatementExecutor(dynamo).execute(statement);
  const [{ Statement: text = '', Parameters: parameters = [] } = {}] = statements;
  return { where: text.split(' WHERE ')[1], placeholders: text.split('?').length - 1, parameters, interventions };
}

describe('the ablations of statements', () => {
  it('no-condition: keeps only the key of an update, with matching parameters', async () => {
    const outcome = {
      claimToken: 'token-1',
      version: 2,
      result: 'completed',
      now: 1,
      attributes: {},
      outboxAt: 1,
      entries: [entry],
    } as const;
    for (const statement of [claim(table, 'order-1', request, seen), finish(table, 'order-1', outcome)]) {
      const cut = await sent('no-condition', statement);
      expect(cut.where).toBe('"orderId" = ?');
      expect(cut.parameters).toHaveLength(cut.placeholders);
      expect(cut.parameters.at(-1)).toBe('order-1');
      expect(cut.interventions).toBe(1);
    }
  });

  it.each([
    ['a hash', 'hash-1'],
    ['no hash', null],
  ])('claim-any-content: takes %s out of a claim, with matching parameters', async (_what, contentHash) => {
    const cut = await sent('claim-any-content', claim(table, 'order-1', { ...request, contentHash }, seen));
    expect(cut.where).toBe('"orderId" = ? AND "status" IN [?, ?] AND "holder" IN [?, ?] AND "version" = ?');
    expect(cut.parameters).toHaveLength(cut.placeholders);
    expect(cut.parameters.slice(-5)).toEqual(['PENDING', 'PROCESSING', '', 'message-1', 1]);
    expect(cut.interventions).toBe(1);
  });

  it('no-condition: leaves inserts unchanged', async () => {
    const statement = insert(table, { orderId: 'order-1' });
    expect(await sent('no-condition', statement)).toMatchObject({ parameters: ['order-1'], interventions: 0 });
  });
});
