import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resourceNames } from '@orderflow/contracts';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { emulatorClient, LOCALSTACK_CREDENTIALS } from '../../tools/local/environment.mjs';
import { composeSystem, type ComposeSystem } from '../support/compose-system.js';
import { olderTemplate } from '../support/older-template.js';
import { connectOperator } from '../support/operator.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const names = resourceNames('local');
const ITEM = { orderId: 'from-before' };

describe('the LocalStack of Compose', () => {
  let folder: string;
  let system: ComposeSystem;
  let operator: ConnectedSystem;
  const connections: ConnectedSystem[] = [];

  async function compose(args: string[], variables: Record<string, string> = {}): Promise<string> {
    const env = { ...process.env, ...system.environment, ...variables };
    return (await promisify(execFile)('docker', ['compose', ...args], { cwd: root, env })).stdout.trim();
  }

  /** What `docker compose up` runs before it starts the services. */
  async function up(variables: Record<string, string> = {}): Promise<{ exitCode: number; log: string }> {
    await compose(['up', '--detach', 'topology'], variables);
    await compose(['up', '--wait', 'localstack'], variables);
    const exitCode = await promisify(execFile)('docker', [
      'wait',
      await compose(['ps', '--all', '--quiet', 'topology']),
    ]);
    return { exitCode: Number(exitCode.stdout), log: await compose(['logs', '--no-log-prefix', 'topology']) };
  }

  async function changeTemplate(change: (template: string) => string): Promise<void> {
    const original = await readFile(join(root, 'infrastructure/template.yaml'), 'utf8');
    await writeFile(join(folder, 'infrastructure/template.yaml'), change(original));
  }

  async function connect(stage = 'local'): Promise<void> {
    operator = await connectOperator(await system.awsEndpoint(), stage);
    connections.push(operator);
  }

  const keepsItem = async () => {
    const { Item: item } = await operator.aws.dynamo.send(new GetCommand({ TableName: names.ordersTable, Key: ITEM }));
    return item !== undefined;
  };
  const queues = async () => {
    const { QueueUrls: urls = [] } = await operator.aws.sqs.send(new ListQueuesCommand({}));
    return urls.map((url) => url.split('/').at(-1));
  };
  const rules = async () => {
    const { Rules: found = [] } = await operator.aws.eventBridge.send(
      new ListRulesCommand({ EventBusName: names.bus }),
    );
    return Object.fromEntries(found.map(({ Name: name = '', EventPattern: pattern = '' }) => [name, pattern]));
  };
  const attribute = async (name: 'VisibilityTimeout' | 'Policy', queue = names.orderQueue) => {
    const asked = { QueueUrl: await operator.urlOf(queue), AttributeNames: [name] };
    return (await operator.aws.sqs.send(new GetQueueAttributesCommand(asked))).Attributes?.[name];
  };
  const visibilityTimeout = () => attribute('VisibilityTimeout');
  const expiryAttribute = async (TableName: string) => {
    const tables = new DynamoDBClient(emulatorClient(await system.awsEndpoint(), LOCALSTACK_CREDENTIALS));
    const { TimeToLiveDescription: expiry } = await tables.send(new DescribeTimeToLiveCommand({ TableName }));
    tables.destroy();
    return expiry?.TimeToLiveStatus === 'ENABLED' ? expiry.AttributeName : undefined;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderflow-topology-'));
    await cp(join(root, 'infrastructure'), join(folder, 'infrastructure'), { recursive: true });
    const volumes = `volumes: [{ type: bind, source: '${folder}/infrastructure', target: /etc/localstack/infrastructure }]`;
    const overlay = join(folder, 'compose.yaml');
    await writeFile(overlay, `services:\n  localstack: { ${volumes} }\n  topology: { ${volumes} }\n`);
    system = composeSystem({ project: `orderflow-test-${randomUUID().slice(0, 8)}`, overlays: [overlay] });
  });

  afterAll(async () => {
    for (const { aws } of connections) aws.close();
    await system.dispose();
    await rm(folder, { recursive: true });
  }, 60_000);

  it('is not recreated when a setting changes', async () => {
    const example = parseEnv(await readFile(join(root, '.env.example'), 'utf8'));
    const hash = (variables: Record<string, string>) => compose(['config', '--hash', 'localstack'], variables);
    const usual = await hash({});
    const changing = await Promise.all(
      Object.keys(example).map(async (name) => ((await hash({ [name]: '12' })) === usual ? [] : [name])),
    );
    // LOCALSTACK_PORT would recreate the container, but compose.test.yaml publishes any free port.
    expect(changing.flat()).toEqual([]);
  }, 60_000);

  it('is deployed by its hook with the settings of its first start', async () => {
    await changeTemplate(olderTemplate);
    expect(await up({ STAGE: 'blue', NOTIFY_ON_ORDER_OUTCOME: 'false' })).toMatchObject({
      exitCode: 0,
      log: expect.stringContaining('orderflow-blue is up to date'),
    });
    await connect('blue');
    expect((await queues()).filter((queue) => !queue?.startsWith('blue-'))).toEqual([]);
  }, 180_000);

  it('applies changed settings without losing data', async () => {
    expect((await up()).exitCode).toBe(0);
    await connect();
    await operator.aws.dynamo.send(new PutCommand({ TableName: names.ordersTable, Item: ITEM }));
    expect((await up({ VISIBILITY_TIMEOUT_SECONDS: '60', NOTIFY_ON_ORDER_OUTCOME: 'false' })).exitCode).toBe(0);
    expect(await visibilityTimeout()).toBe('60');
    expect(Object.keys(await rules())).not.toContain(names.orderOutcomesRule);
    expect((await up()).exitCode).toBe(0);
    expect(await visibilityTimeout()).toBe('6');
    expect(Object.keys(await rules())).toContain(names.orderOutcomesRule);
    expect(await keepsItem()).toBe(true);
  }, 120_000);

  it('takes the older topology to the present one without losing data', async () => {
    expect(await expiryAttribute(names.ordersTable)).toBeUndefined();
    await changeTemplate((template) => template);
    expect((await up()).exitCode).toBe(0);
    expect(await expiryAttribute(names.ordersTable)).toBe('expiresAt');
    expect(await attribute('Policy', names.orderDeadLetterQueue)).toContain('TlsOnly');
    expect(await keepsItem()).toBe(true);
  }, 120_000);

  it('applies a changed template without losing data', async () => {
    await changeTemplate((template) =>
      template
        .replace('detail-type: [OrderCreated]', 'detail-type: [OrderCreated, Another]')
        .replace(
          '\n  UndeliveredQueue:',
          '\n  Extra: { Type: AWS::SQS::Queue, Properties: { QueueName: local-extra } }\n$&',
        ),
    );
    expect((await up()).exitCode).toBe(0);
    expect(await queues()).toContain('local-extra');
    expect((await rules())[names.orderCreatedRule]).toContain('Another');
    expect(await keepsItem()).toBe(true);
  }, 120_000);

  it.each([
    [
      'a table of another shape, with the command that makes it',
      (template: string) =>
        template.replace('AttributeName: createdAtId, KeyType: RANGE', 'AttributeName: orderId, KeyType: RANGE'),
      /OrdersTable \(AWS::DynamoDB::Table\): Modify[^]*docker compose restart localstack/,
    ],
    [
      'an unknown type',
      (template: string) => template.replace('\nResources:', '$&\n  Misspelt: { Type: AWS::DynamoDB::Tabel }'),
      /Misspelt \(AWS::DynamoDB::Tabel\)/,
    ],
    ['a file that is not a template', (template: string) => `${template}\n]`, /Template format error/],
  ])(
    'rejects %s, and keeps its data',
    async (_what, change, reason) => {
      await changeTemplate(change);
      const { exitCode, log } = await up();
      expect(log).toMatch(reason);
      expect(exitCode).toBe(1);
      expect(await keepsItem()).toBe(true);
    },
    120_000,
  );

  it('keeps the latest settings after a restart', async () => {
    await changeTemplate((template) => template);
    expect((await up({ VISIBILITY_TIMEOUT_SECONDS: '60' })).exitCode).toBe(0);
    await compose(['restart', 'localstack']);
    await compose(['up', '--wait', 'localstack']);
    await connect();
    expect(await visibilityTimeout()).toBe('60');
    expect(await keepsItem()).toBe(false);
  }, 120_000);
});
