import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { queueUrlOf } from '@orderflow/testing/aws/arns';
import { CALLER, createWatched, errorOf, failure, JOBS, POLICY } from '@orderflow/testing/aws/watched-clients';
import { isReason, reasonOf } from '../health/reasons.js';

const SECRETS = /arn:|\d{12}|assumed-role|amazonaws/;

describe('a denied call', () => {
  it.each<[what: string, name: string, text: string, reason: string, fields: object]>([
    [
      'its own policy lacks it',
      'AccessDeniedException',
      `${CALLER} dynamodb:GetItem on resource: ${JOBS} because no identity-based policy allows the dynamodb:GetItem action`,
      `not allowed: dynamodb:GetItem on jobs (policy ${POLICY})`,
      { action: 'dynamodb:GetItem', resource: JOBS, policy: POLICY },
    ],
    [
      'another policy denies it',
      'AccessDeniedException',
      `${CALLER} dynamodb:GetItem on resource: ${JOBS} with an explicit deny in a service control policy`,
      'not allowed: dynamodb:GetItem on jobs (service control policy)',
      { action: 'dynamodb:GetItem', deniedBy: 'service control policy' },
    ],
    [
      'a permissions boundary does not allow it',
      'AccessDeniedException',
      `${CALLER} dynamodb:GetItem on resource: ${JOBS} because no permissions boundary allows the dynamodb:GetItem action`,
      'not allowed: dynamodb:GetItem on jobs (permissions boundary)',
      { deniedBy: 'permissions boundary' },
    ],
    [
      'its own policy denies it',
      'AccessDeniedException',
      `${CALLER} dynamodb:GetItem on resource: ${JOBS} with an explicit deny in an identity-based policy`,
      'not allowed: dynamodb:GetItem on jobs (identity-based policy)',
      { deniedBy: 'identity-based policy' },
    ],
    [
      'the key is what may not be used',
      'AccessDeniedException',
      `${CALLER} kms:Decrypt on resource: arn:aws:kms:eu-central-1:123456789012:key/1 because no identity-based policy allows`,
      `not allowed: kms:Decrypt on jobs (policy ${POLICY})`,
      { action: 'kms:Decrypt', resource: 'arn:aws:kms:eu-central-1:123456789012:key/1' },
    ],
    [
      'AWS names no action',
      'AccessDenied',
      'Access to the resource https://sqs.eu-central-1.amazonaws.com/ is denied.',
      `not allowed: dynamodb:GetItem on jobs (policy ${POLICY})`,
      { action: 'dynamodb:GetItem', resource: 'jobs' },
    ],
    [
      'AWS names no action of the key',
      'KmsAccessDenied',
      'The ciphertext refers to a key that is not accessible',
      `not allowed: kms:Decrypt on jobs (policy ${POLICY})`,
      { action: 'kms:Decrypt', policy: POLICY },
    ],
  ])('names the action, the resource and the policy: %s', async (_, name, text, reason, fields) => {
    const { fakes, denials, log, read } = createWatched();
    const denied = errorOf(name, text);
    fakes.dynamo.failAlways('Get', denied);
    expect(await failure(read())).toBe(denied);
    expect(log.lines).toMatchObject([{ level: 'error', message: 'a permission is missing', fields }]);
    expect(log.lines[0]?.fields.detail).toBe(text);
    expect(denials.reasons()).toEqual([reason]);
    expect(reasonOf(denied)).toBe(reason);
    expect(reason).not.toMatch(SECRETS);
    expect(isReason(reason)).toBe(true);
  });

  it.each([
    ['ExpiredTokenException', 'AWS does not accept the credentials', /^credentials missing, expired or invalid/],
    ['CredentialsProviderError', 'AWS does not accept the credentials', /AWS_ACCESS_KEY_ID/],
    ['RequestTimeTooSkewed', 'the clock differs too much from that of AWS', /clock/],
    ['KMS.DisabledException', 'an encryption key cannot be used', /^encryption key of jobs/],
  ])('gets another sentence for %s', async (name, message, reason) => {
    const { fakes, denials, log, read } = createWatched();
    fakes.dynamo.failAlways('Get', errorOf(name, 'no'));
    await failure(read());
    expect(log.lines).toMatchObject([{ level: 'error', message }]);
    expect(denials.reasons()).toEqual([expect.stringMatching(reason)]);
    expect(denials.reasons().every(isReason)).toBe(true);
  });

  it('is logged once until it works again, and then again', async () => {
    const { fakes, denials, log, read } = createWatched();
    for (let round = 0; round < 2; round++) {
      fakes.dynamo.failNext('Get', errorOf('AccessDeniedException', 'no'), 3);
      for (let call = 0; call < 4; call++) await failure(read());
    }
    expect(log.messages()).toEqual([
      ...['a permission is missing', 'AWS allows it again'],
      ...['a permission is missing', 'AWS allows it again'],
    ]);
    expect(denials.reasons()).toEqual([]);
  });

  it('is no longer reported after five minutes without a call, because it may be allowed by then', async () => {
    const { fakes, denials, log, read, pass } = createWatched();
    fakes.dynamo.failAlways('Get', errorOf('AccessDeniedException', 'no'));
    await failure(read());
    pass(299_999);
    expect(denials.reasons()).toHaveLength(1);
    pass(1);
    expect(denials.reasons()).toEqual([]);
    await failure(read());
    expect(denials.reasons()).toHaveLength(1);
    expect(log.messages()).toEqual(['a permission is missing']);
  });

  it('is logged again for credentials that expire again, although one of the calls was never repeated', async () => {
    const { fakes, aws, denials, log, read } = createWatched();
    const expired = errorOf('ExpiredTokenException', 'no');
    fakes.sqs.failNext('GetQueueUrl', expired);
    await failure(aws.sqs.send(new GetQueueUrlCommand({ QueueName: 'work' })));
    for (let round = 0; round < 2; round++) {
      fakes.dynamo.failNext('Get', expired);
      await failure(read());
      expect(denials.reasons()).toHaveLength(1);
      await read();
      expect(denials.reasons()).toEqual([]);
    }
    expect(log.messages()).toEqual([
      ...['AWS does not accept the credentials', 'AWS allows it again'],
      ...['AWS does not accept the credentials', 'AWS allows it again'],
    ]);
  });

  it('is told apart by queue and action', async () => {
    const { fakes, aws, denials } = createWatched();
    fakes.sqs.failAlways('SendMessage', errorOf('AccessDenied', 'no'));
    await failure(aws.sqs.send(new SendMessageCommand({ QueueUrl: queueUrlOf('work'), MessageBody: 'x' })));
    await aws.sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }));
    expect(denials.reasons()).toEqual([`not allowed: sqs:SendMessage on work (policy ${POLICY})`]);
  });
});

describe('an error that is no denial', () => {
  it.each(['ThrottlingException', 'ResourceNotFoundException', 'SyntaxError'])('is left alone: %s', async (name) => {
    const { fakes, denials, log, read } = createWatched();
    const error = Object.assign(errorOf(name, '<html>proxy</html>'), { $metadata: { httpStatusCode: 403 } });
    fakes.dynamo.failNext('Get', error);
    expect(await failure(read())).toBe(error);
    expect([log.lines, denials.reasons()]).toEqual([[], []]);
  });
});
