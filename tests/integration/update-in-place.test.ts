import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { queueNames, resourceNames, rulesOf } from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { deployTopology } from '../../tools/local/embedded.mjs';
import { emulatorClient } from '../../tools/local/environment.mjs';
import { startEmptyEmulator } from '../support/emulator.js';
import { olderTemplate } from '../support/older-template.js';
import { connectOperator } from '../support/operator.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STAGE = 'shop';
const names = resourceNames(STAGE);
const ITEM = { orderId: 'from-before' };

let emulator: Awaited<ReturnType<typeof startEmptyEmulator>>;
let operator: ConnectedSystem;
let tables: DynamoDBClient;
let folder: string;
let template: string;

/** Deploys a template to the stage. */
async function deploy(text: string): Promise<void> {
  await writeFile(join(folder, 'infrastructure/template.yaml'), text);
  const { python, url, credentials } = emulator;
  await deployTopology(`${folder}/`, { python, emulatorUrl: url, credentials, env: { STAGE } });
}

async function policyOf(queue: string): Promise<string> {
  const asked = { QueueUrl: await operator.urlOf(queue), AttributeNames: ['Policy' as const] };
  const { Attributes: attributes } = await operator.aws.sqs.send(new GetQueueAttributesCommand(asked));
  return attributes?.Policy ?? '';
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderflow-update-'));
  await cp(join(root, 'infrastructure'), join(folder, 'infrastructure'), { recursive: true });
  await symlink(join(root, 'localstack-init'), join(folder, 'localstack-init'));
  emulator = await startEmptyEmulator();
  template = await readFile(join(root, 'infrastructure/template.yaml'), 'utf8');
  await deploy(olderTemplate(template));
  operator = await connectOperator(emulator.url, STAGE);
  tables = new DynamoDBClient(emulatorClient(emulator.url, emulator.credentials));
}, 120_000);

afterAll(async () => {
  operator.aws.close();
  tables.destroy();
  await emulator.dispose();
  await rm(folder, { recursive: true });
}, 30_000);

it('MiniStack takes an older topology to the present one, and keeps its items', async () => {
  await operator.aws.dynamo.send(new PutCommand({ TableName: names.ordersTable, Item: ITEM }));
  expect(await policyOf(names.orderQueue)).not.toContain('TlsOnly');

  await deploy(template);
  for (const { name: TableName } of Object.values(workItemTables(names))) {
    const { TimeToLiveDescription: expiry } = await tables.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(expiry).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    const { Table: table } = await tables.send(new DescribeTableCommand({ TableName }));
    expect(table?.DeletionProtectionEnabled).toBe(true);
  }
  for (const queue of queueNames(names)) expect(await policyOf(queue)).toContain('TlsOnly');
  for (const { rule } of rulesOf(names)) {
    const asked = new ListTargetsByRuleCommand({ EventBusName: names.bus, Rule: rule });
    expect((await operator.aws.eventBridge.send(asked)).Targets).toHaveLength(1);
  }
  const { Item: item } = await operator.aws.dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: ITEM }));
  expect(item).toEqual(ITEM);
}, 60_000);
