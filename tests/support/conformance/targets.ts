import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { resourceNames } from '@orderflow/contracts';
import { createFakeStack } from '@orderflow/testing/fake-stack';
import { CONFORMANCE_TABLE } from '@orderflow/testing/aws/partiql-conformance';
import { deployTopology } from '../../../tools/local/embedded.mjs';
import { CREDENTIALS } from '../credentials.js';
import { startEmulator } from '../embedded-system.js';
import { dockerProblem } from '../../../tools/local/docker.mjs';
import { startLocalStack } from '../localstack.js';
import type { Target, TargetName } from './conformance-case.js';
import { emulatorClient } from '../../../tools/local/environment.mjs';

const STAGE = 'local';
const root = fileURLToPath(new URL('../../..', import.meta.url));

function startFake(): Promise<Target> {
  const fake = createFakeStack({ stage: STAGE, tables: [CONFORMANCE_TABLE] });
  return Promise.resolve({ name: 'fake', ...fake, names: resourceNames(STAGE), dispose: () => Promise.resolve() });
}

/** Connects to an emulator with the template, and creates the table for single statements. */
async function connect(
  name: TargetName,
  endpoint: string,
  { deployAgain, dispose }: Required<Pick<Target, 'deployAgain' | 'dispose'>>,
): Promise<Target> {
  const options = emulatorClient(endpoint, CREDENTIALS);
  const dynamoClient = new DynamoDBClient(options);
  const sqs = new SQSClient(options);
  const eventBridge = new EventBridgeClient(options);
  await dynamoClient.send(new CreateTableCommand({ ...CONFORMANCE_TABLE, BillingMode: 'PAY_PER_REQUEST' }));
  return {
    name,
    dynamo: DynamoDBDocumentClient.from(dynamoClient),
    sqs,
    eventBridge,
    names: resourceNames(STAGE),
    deployAgain,
    dispose: async () => {
      for (const client of [dynamoClient, sqs, eventBridge]) client.destroy();
      await dispose();
    },
  };
}

async function startMiniStackTarget(): Promise<Target> {
  const { url, python, dispose } = await startEmulator();
  const deployAgain = () => deployTopology(root, { python, emulatorUrl: url, credentials: CREDENTIALS });
  return connect('MiniStack', url, { deployAgain, dispose });
}

async function startLocalStackTarget(): Promise<Target> {
  const localStack = await startLocalStack();
  return connect('LocalStack', localStack.aws.endpoint, {
    deployAgain: async () => (await localStack.runHook()).output,
    dispose: () => localStack.dispose(),
  });
}

export const START: Record<TargetName, () => Promise<Target>> = {
  fake: startFake,
  MiniStack: startMiniStackTarget,
  LocalStack: startLocalStackTarget,
};

/** With CI set, a missing Docker engine must fail the run. */
export function runs(target: TargetName): boolean {
  return target !== 'LocalStack' || Boolean(process.env.CI) || dockerProblem() === undefined;
}
