import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterEach, describe, expect, it } from '@jest/globals';
import { OverloadedError } from '../runtime/batching.js';
import { connectionRefused, internalServerError, throttled, timedOut } from '@orderflow/testing/aws/aws-errors';
import { queueDoesNotExist } from '@orderflow/testing/aws/sqs-errors';
import { errorKindOf, isDenied, isTopologyMissing, isUnavailable } from './error-kind.js';

const named = (name: string, change: object = {}) => Object.assign(new Error('no'), { name, ...change });

describe('isUnavailable', () => {
  it.each([
    ['a refused connection', connectionRefused()],
    ['a timeout', timedOut()],
    ['throttling', throttled()],
    ['throttling of one statement of a batch', named('ProvisionedThroughputExceeded')],
    ['our own full queue', new OverloadedError('too many entries are waiting to be sent')],
    ['5xx', internalServerError()],
    ['5xx with any name', named('SyntaxError', { $metadata: { httpStatusCode: 502 } })],
    ['a missing queue', queueDoesNotExist()],
    ['missing credentials', named('CredentialsProviderError')],
    ['a wrapped one', new Error('SQS receive message failed', { cause: connectionRefused() })],
    ['one of several addresses', new AggregateError([named('Error', { code: 'ECONNREFUSED' })])],
  ])('is true for %s', (_name, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each([
    ['a mistake in the request', named('ValidationException', { $metadata: { httpStatusCode: 400 } })],
    ['a refused condition', named('ConditionalCheckFailedException', { $metadata: { httpStatusCode: 400 } })],
    ['a mistake of ours', new TypeError('x is not a function')],
    ['an error with another cause', new Error('no', { cause: new Error('no') })],
    ['a value that is not an error', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is false for %s', (_name, error) => {
    expect(isUnavailable(error)).toBe(false);
  });

  // The documented error codes of DynamoDB, EventBridge, SQS, KMS and AWS's common list, in each spelling in use.
  it.each([
    ...['AccessDenied', 'AccessDeniedException', 'com.amazonaws.dynamodb.v20120810#AccessDeniedException'],
    ...['NotAuthorized', 'NotAuthorizedForSourceException', 'NotAuthorizedForDetailTypeException', 'OptInRequired'],
    ...['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'RequestTimeTooSkewed', 'InvalidAccessKeyId'],
    ...['InvalidClientTokenId', 'UnrecognizedClientException', 'MissingAuthenticationToken', 'InvalidToken'],
    ...['MissingAuthenticationTokenException', 'InvalidSignatureException', 'SignatureDoesNotMatch'],
    ...['IncompleteSignature', 'IncompleteSignatureException', 'InvalidSecurity', 'CredentialsProviderError'],
    ...['KmsAccessDenied', 'KmsDisabled', 'KmsInvalidKeyUsage', 'KmsInvalidState', 'KmsNotFound', 'KmsOptInRequired'],
    ...['KMS.AccessDeniedException', 'KMS.DisabledException', 'KMS.NotFoundException', 'KMSInvalidStateException'],
  ])('classifies %s as a refusal of the caller, which is an outage', (name) => {
    for (const error of [named(name), named('Error', { Code: name }), named('Error', { code: name })]) {
      expect({ denied: isDenied(error), unavailable: isUnavailable(error) }).toEqual({
        denied: true,
        unavailable: true,
      });
    }
    expect(errorKindOf(named(name))).toBe('denied');
  });

  it.each([401, 403])('classifies status %i with any name as a refusal of the caller', (httpStatusCode) => {
    expect(errorKindOf(named('Whatever', { $metadata: { httpStatusCode } }))).toBe('denied');
  });

  it.each([
    ['TransactionConflict', 'throttled'],
    ['TransactionConflictException', 'throttled'],
    ['TransactionInProgressException', 'throttled'],
    ['KmsThrottled', 'throttled'],
    ['ThrottlingError', 'throttled'],
    ['RequestTimeoutException', 'timeout'],
    ['AWS.SimpleQueueService.NonExistentQueue', 'missing'],
    ['NoResponse', 'unavailable'],
    ['ItemCollectionSizeLimitExceeded', 'refused'],
    ['ValidationError', 'refused'],
    ['MalformedDetail', 'refused'],
  ])('classifies %s as %s', (name, kind) => {
    expect(errorKindOf(named(name))).toBe(kind);
    expect(isUnavailable(named(name))).toBe(kind !== 'refused');
  });

  it('distinguishes a missing topology from other outages', () => {
    expect([queueDoesNotExist(), connectionRefused()].map(isTopologyMissing)).toEqual([true, false]);
  });
});

// Excludes failed connections: inside Jest, the SDK does not recognise Node's errors and hides their codes.
describe('an error that the SDK really throws', () => {
  const servers: { close: () => void; closeAllConnections: () => void }[] = [];
  const clients: SQSClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function thrownBy(listener: RequestListener): Promise<Error> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    servers.push(server);
    const client = new SQSClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ requestTimeout: 50, throwOnRequestTimeout: true }),
    });
    clients.push(client);
    return client.send(new GetQueueUrlCommand({ QueueName: 'work' })).then(
      () => new Error('the call succeeded'),
      (error: unknown) => error as Error,
    );
  }
  const answer =
    (status: number, body: string): RequestListener =>
    (_, response) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);

  it.each<[string, RequestListener]>([
    ['no server answers', () => undefined],
    ['a proxy answers in its place', answer(503, '<html>no</html>')],
    ['the service fails', answer(500, '{"__type":"InternalFailure"}')],
    ['the service is busy', answer(400, '{"__type":"com.amazonaws.sqs#RequestThrottled"}')],
    ['the queue is missing', answer(400, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}')],
  ])('is an outage when %s', async (_name, listener) => {
    expect(isUnavailable(await thrownBy(listener))).toBe(true);
  });

  it('is not an outage when the request is wrong', async () => {
    const error = await thrownBy(answer(400, '{"__type":"com.amazonaws.sqs#InvalidParameterValue","message":"no"}'));
    expect(error.name).toBe('InvalidParameterValue');
    expect(isUnavailable(error)).toBe(false);
  });
});
