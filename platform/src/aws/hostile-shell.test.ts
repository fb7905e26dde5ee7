import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOSTILE_SHELL } from '../../../tests/support/hostile-shell.js';
import { createAwsClients } from './clients.js';

const NOWHERE = 'http://127.0.0.1:1';
const CONFIG = `[default]
region = eu-west-1
endpoint_url = ${NOWHERE}
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = secret
use_fips_endpoint = true
use_dualstack_endpoint = true
[profile mine]
region = eu-west-1
services = elsewhere
aws_access_key_id = AKIAMINE
aws_secret_access_key = secret
[services elsewhere]
dynamodb =
  endpoint_url = ${NOWHERE}
sqs =
  endpoint_url = ${NOWHERE}
eventbridge =
  endpoint_url = ${NOWHERE}
`;

/** AWS settings that a shell may have. FILE is a config file that points to other endpoints. */
const SHELLS: Record<string, string>[] = [
  { AWS_CONFIG_FILE: 'FILE', AWS_SHARED_CREDENTIALS_FILE: 'FILE' },
  { AWS_CONFIG_FILE: 'FILE', AWS_PROFILE: 'mine' },
  { AWS_CONFIG_FILE: 'FILE', AWS_DEFAULT_PROFILE: 'mine', AWS_SDK_LOAD_CONFIG: '1' },
  { AWS_CONFIG_FILE: '/no/such/file', AWS_PROFILE: 'missing' },
  { AWS_ACCESS_KEY_ID: 'AKIASHELL', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' },
  { AWS_ENDPOINT_URL: NOWHERE },
  { AWS_ENDPOINT_URL_DYNAMODB: NOWHERE, AWS_ENDPOINT_URL_SQS: NOWHERE, AWS_ENDPOINT_URL_EVENTBRIDGE: NOWHERE },
  { AWS_USE_FIPS_ENDPOINT: 'true' },
  { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
  { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' },
  { AWS_CONTAINER_CREDENTIALS_FULL_URI: NOWHERE, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token' },
  { AWS_WEB_IDENTITY_TOKEN_FILE: '/no/such/file', AWS_ROLE_ARN: 'arn:aws:iam::000000000000:role/x' },
  { AWS_ACCOUNT_ID: '123456789012', AWS_ACCOUNT_ID_ENDPOINT_MODE: 'required' },
  { HTTP_PROXY: NOWHERE, http_proxy: NOWHERE, HTTPS_PROXY: NOWHERE, ALL_PROXY: NOWHERE, NO_PROXY: '' },
  ...Object.entries(HOSTILE_SHELL).flatMap(([name, value]) => (name.startsWith('AWS_') ? [{ [name]: value }] : [])),
];

describe('clients of an emulator in a shell that is set up for AWS', () => {
  const before = { ...process.env };
  let folder: string;
  let server: Server;
  let received: IncomingMessage['headers'][];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orderflow-shell-'));
    writeFileSync(join(folder, 'config'), CONFIG);
    received = [];
    server = createServer((request, response) => {
      received.push(request.headers);
      response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    process.env = { ...before };
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ...SHELLS.map((shell) => [JSON.stringify(shell), shell] as const),
    ['everything at once', HOSTILE_SHELL] as const,
  ])('call the emulator with its key: %s', async (_what, shell) => {
    const set = Object.entries(shell).map(([name, value]) => [name, value.replace('FILE', join(folder, 'config'))]);
    Object.assign(process.env, Object.fromEntries(set));
    const aws = createAwsClients({
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'LOCALKEY', AWS_SECRET_ACCESS_KEY: 'secret' },
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REQUEST_TIMEOUT_MS: 2_000,
    });
    await aws.dynamo.send(new GetCommand({ TableName: 'orders', Key: { orderId: 'o' } }));
    await aws.sqs.send(new ListQueuesCommand({}));
    await aws.polling.send(new ListQueuesCommand({}));
    await aws.eventBridge.send(new ListEventBusesCommand({}));
    aws.close();
    const scopes = received.map(({ authorization }) =>
      /Credential=(\w+)\/\d+\/([^,]+)\/aws4_request/.exec(authorization ?? ''),
    );
    expect(scopes.map((scope) => scope?.slice(1))).toEqual(
      ['dynamodb', 'sqs', 'sqs', 'events'].map((service) => ['LOCALKEY', `us-east-1/${service}`]),
    );
    expect(received.map((headers) => headers['x-amz-security-token'])).toEqual(Array(4).fill(undefined));
  });

  it('follow the shell if no emulator is set', async () => {
    Object.assign(process.env, { AWS_CONFIG_FILE: join(folder, 'config'), AWS_PROFILE: 'mine', AWS_MAX_ATTEMPTS: '1' });
    const aws = createAwsClients({ AWS_REGION: 'us-east-1', AWS_REQUEST_TIMEOUT_MS: 2_000 });
    await expect(aws.sqs.send(new ListQueuesCommand({}))).rejects.toThrow('127.0.0.1:1');
    aws.close();
  });
});
