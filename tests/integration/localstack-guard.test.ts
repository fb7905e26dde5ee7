/** LocalStack's answers to requests that a web page, or a rebound name, can send. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { HEADS, sendHead, type Head } from '@orderflow/testing/hostile-heads';
import { GenericContainer, type StartedNetwork, type StartedTestContainer } from 'testcontainers';
import { startNetwork } from '../support/container-network.js';
import { LOCALSTACK_IMAGE, startLocalStack, type LocalStack } from '../support/localstack.js';
import { connectOperator, queueCounts } from '../support/operator.js';
import { testLabels } from '../support/test-run.mjs';

const signature = (service: string) =>
  `Authorization: AWS4-HMAC-SHA256 Credential=test/20270101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
const HOST = 'Host: localhost:{port}';
/** Harmless, so that a missing guard shows before anything is lost. */
const LIST = '/?Action=ListQueues&Version=2012-11-05';
const PURGE = '/?Action=PurgeQueue&QueueUrl=http%3A%2F%2Flocalhost%3A4566%2F000000000000%2Flocal-order-queue';

const read = (what: string, status: Head['status'], ...lines: string[]): Head => ({
  what,
  lines: [`GET ${LIST} HTTP/1.1`, ...lines],
  status,
});
const unsigned = (method: string, path: string, status: Head['status'] = 403): Head => ({
  what: `${method} ${path} without a signature`,
  lines: [`${method} ${path} HTTP/1.1`, HOST],
  status,
});

const CALLS: Head[] = [
  read('a signed call', 'served', HOST, signature('sqs')),
  read('a signed call by the name in Compose', 'served', 'Host: localstack:4566', signature('sqs')),
  read('a signed call of a rebound name', 421, 'Host: evil.example:{port}', signature('sqs')),
  read('a signed call by a name of the vendor', 421, 'Host: localhost.localstack.cloud:{port}', signature('sqs')),
  read('a signed call by a name of API Gateway', 421, 'Host: x.execute-api.evil.example', signature('sqs')),
  read('a signed call of a page', 403, HOST, signature('sqs'), 'Origin: http://evil.example'),
  read('a signed call of a sandboxed page', 403, HOST, signature('sqs'), 'Origin: null'),
  read('a signed call of a file', 403, HOST, signature('sqs'), 'Origin: file://'),
  read('a signed call from its own origin', 403, HOST, signature('sqs'), 'Origin: http://localhost:{port}'),
  read("a signed call of the vendor's page", 403, HOST, signature('sqs'), 'Origin: https://app.localstack.cloud'),
  read('an image of another page', 403, HOST, signature('sqs'), 'Sec-Fetch-Site: cross-site'),
  read('a link of another page', 403, HOST, signature('sqs'), 'Sec-Fetch-Site: same-site'),
  read(
    'a WebSocket',
    403,
    HOST,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ),
  unsigned('GET', LIST),
  unsigned('GET', PURGE),
  unsigned('POST', PURGE),
  unsigned('OPTIONS', '/'),
  unsigned('POST', '/2015-03-31/functions'),
  unsigned('POST', '/_localstack/health'),
  unsigned('PUT', '/_localstack/health'),
  unsigned('POST', '/_localstack/state/reset'),
  unsigned('POST', '/_localstack/config'),
  unsigned('GET', '/_localstack/diagnose'),
  unsigned('GET', '/_aws/sqs/messages?QueueUrl=http://localhost:4566/000000000000/local-order-queue'),
  unsigned('GET', '/_localstack/init/../health'),
  unsigned('GET', '/restapis/x/y/_user_request_/'),
  unsigned('GET', '/_localstack/health', 'served'),
  unsigned('HEAD', '/_localstack/health', 'served'),
  unsigned('GET', '/_localstack/init/ready', 'served'),
];

/** The SERVICES and what they need in LocalStack. None runs code from a client. */
const ENABLED = ['cloudformation', 'dynamodb', 'dynamodbstreams', 'events', 'iam', 'kinesis', 's3', 'sqs', 'sts'];

const INLINE = `
      Runtime: python3.12
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/r
      Code: { ZipFile: 'def handler(event, context): pass' }`;
const TEMPLATES = {
  '/tmp/function.yaml': `
Resources:
  Code:
    Type: AWS::Lambda::Function
    Properties:${INLINE}
`,
  '/tmp/custom-resource.yaml': `
Resources:
  Code:
    Type: Custom::Code
    Properties: { ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:f' }
`,
};

describe('LocalStack behind its guard', () => {
  let network: StartedNetwork;
  let localStack: LocalStack;
  let neighbour: StartedTestContainer;
  let operator: ConnectedSystem;
  let port: number;

  beforeAll(async () => {
    network = await startNetwork();
    [localStack, neighbour] = await Promise.all([
      startLocalStack({ network, files: TEMPLATES }),
      new GenericContainer(LOCALSTACK_IMAGE)
        .withLabels(testLabels())
        .withNetwork(network)
        .withEntrypoint(['sleep', 'infinity'])
        .start(),
    ]);
    port = Number(new URL(localStack.aws.endpoint).port);
    operator = await connectOperator(localStack.aws.endpoint);
    const QueueUrl = await operator.urlOf(operator.names.orderQueue);
    await operator.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a message' }));
  }, 180_000);

  afterAll(async () => {
    operator.aws.close();
    await Promise.all([localStack.dispose(), neighbour.stop()]);
    await network.stop();
  }, 60_000);

  async function outcomes(heads: readonly Head[]) {
    const listener = { port, service: 'localstack', path: '/_localstack/health' };
    return Promise.all(
      heads.map(async (head) => {
        const { outcome, head: headers } = await sendHead(head, listener);
        // Twisted itself rejects some as malformed.
        return {
          what: head.what,
          outcome: outcome === 400 && head.status === 421 ? 421 : outcome,
          cors: headers.includes('access-control-'),
        };
      }),
    );
  }
  const expected = (heads: readonly Head[]) =>
    heads.map(({ what, status }) => ({ what, outcome: status, cors: false }));

  it('accepts and refuses hosts like the services', async () => {
    const reads = HEADS.filter(({ lines: [line] }) => line?.startsWith('GET'));
    const byHost = reads.filter(({ lines }) => !lines.some((line) => line.startsWith('Upgrade')));
    expect(byHost.length).toBeGreaterThan(30);
    expect(await outcomes(byHost)).toEqual(expected(byHost));
  });

  it('serves signed calls from outside a browser, and the state of its hook', async () => {
    expect(await outcomes(CALLS)).toEqual(expected(CALLS));
    expect(await queueCounts(operator, operator.names.orderQueue)).toMatchObject({ visible: 1 });
  });

  it('has only services that run no code', async () => {
    const answer = await fetch(`${localStack.aws.endpoint}/_localstack/health`);
    const { services } = (await answer.json()) as { services: Record<string, string> };
    const enabled = Object.keys(services).filter((service) => services[service] !== 'disabled');
    expect(enabled.sort()).toEqual(ENABLED);
    const create = { lines: ['POST /2015-03-31/functions HTTP/1.1', HOST, signature('lambda')] };
    const { body } = await sendHead(create, { port, service: 'localstack', path: '' });
    expect(body).toContain("Service 'lambda' is not enabled");
  });

  it.each(Object.keys(TEMPLATES))('creates no stack with %s', async (TEMPLATE) => {
    const { exitCode, output } = await localStack.runHook({ STAGE: 'code', TEMPLATE });
    expect(output).toMatch(
      /NOT DEPLOYED[^]*(?:Service 'lambda' is not enabled|of a type that the emulator does not make)/,
    );
    expect(exitCode).toBe(1);
  });

  it('applies the same rules to other containers', async () => {
    const ask = async (...args: string[]) => {
      const { output } = await neighbour.exec(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', ...args]);
      return output;
    };
    const url = 'http://localstack:4566';
    expect(await ask(`${url}/_localstack/health`)).toBe('200');
    expect(await ask('-H', signature('sqs'), `${url}${LIST}`)).toBe('200');
    expect(await ask('-H', 'Host: evil.example', `${url}/_localstack/health`)).toBe('421');
    expect(await ask('-H', 'Origin: http://evil.example', '-H', signature('sqs'), `${url}${LIST}`)).toBe('403');
    expect(await ask(`${url}${PURGE}`)).toBe('403');
    expect(await ask('-d', '{"action":"kill"}', `${url}/_localstack/health`)).toBe('403');
    expect(await queueCounts(operator, operator.names.orderQueue)).toMatchObject({ visible: 1 });
  });
});
