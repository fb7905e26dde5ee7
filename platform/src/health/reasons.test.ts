import { describe, expect, it } from '@jest/globals';
import { EntryError } from '../aws/error-kind.js';
import { NotDescribedError } from './checks.js';
import { CheckError, isReason, reasonOf } from './reasons.js';

const SECRETS = /\d{12}|arn:|role\/|10\.0\.3\.7|\.internal|amazonaws|4566|html|sk_live/i;
const ARN = 'arn:aws:sts::123456789012:assumed-role/role/orders';
const PAGE = '<html><title>403</title><p>proxy.internal refuses 10.0.3.7</p></html>';

const error = (message: string, properties: object) => Object.assign(new Error(message), properties);
const ofAws = (name: string, message: string, httpStatusCode = 400) =>
  error(message, { name, $metadata: { httpStatusCode } });

const DENIAL = ofAws('AccessDeniedException', `User: ${ARN} is not authorized to perform: dynamodb:GetItem`);

const ERRORS: [what: string, error: unknown, reason: string][] = [
  ['a denial that names a role', DENIAL, 'AccessDeniedException: denied'],
  ['a denial of describing', new NotDescribedError(DENIAL), 'AccessDeniedException: denied'],
  ['a missing table', ofAws('ResourceNotFoundException', `${ARN} not found`), 'ResourceNotFoundException: missing'],
  ['a missing queue', ofAws('QueueDoesNotExist', 'see http://sqs.internal:4566'), 'QueueDoesNotExist: missing'],
  ['a throttle', ofAws('ThrottlingException', `Rate exceeded for ${ARN}`), 'ThrottlingException: throttled'],
  ['a disabled key', new EntryError('KMS.DisabledException', `${ARN} is disabled`), 'KMS.DisabledException: denied'],
  ['a rejected request', ofAws('ValidationException', `no ${ARN}`), 'ValidationException'],
  ['a server error', ofAws('InternalServerError', 'at 10.0.3.7', 500), 'InternalServerError: unavailable'],
  [
    'a refused connection',
    error('connect ECONNREFUSED 10.0.3.7:4566', { code: 'ECONNREFUSED', address: '10.0.3.7' }),
    'Error (ECONNREFUSED): unavailable',
  ],
  [
    'refused connections to several addresses',
    Object.assign(new AggregateError([error('connect ECONNREFUSED 10.0.3.7:4566', { code: 'ECONNREFUSED' })]), {
      code: 'ECONNREFUSED',
    }),
    'AggregateError (ECONNREFUSED): unavailable',
  ],
  [
    'a name that does not resolve',
    error('getaddrinfo ENOTFOUND dynamodb.eu-west-1.amazonaws.com', { code: 'ENOTFOUND' }),
    'Error (ENOTFOUND): unavailable',
  ],
  ['a timeout', error('no answer of 10.0.3.7', { name: 'TimeoutError' }), 'TimeoutError: timeout'],
  ['a page of a proxy', ofAws('SyntaxError', `Unexpected token < in ${PAGE}`, 403), 'SyntaxError: denied'],
  ['a page of a proxy as the name', ofAws(PAGE, PAGE, 502), 'Error: unavailable'],
  ['an ARN as the name and the code', error(ARN, { name: ARN, code: ARN }), 'Error'],
  ['a text', `sk_live_1 of ${ARN}`, 'Error'],
];

describe('the reason of a failed check', () => {
  it.each(ERRORS)('names the error and its kind, without its text: %s', (_, thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason);
    expect(reason).not.toMatch(SECRETS);
  });

  it('is a sentence of our own', () => {
    expect(reasonOf(new CheckError('rule a is disabled'))).toBe('rule a is disabled');
  });
});

describe('a reason that another process sent', () => {
  it.each([
    ...ERRORS.map(([, , reason]) => reason),
    ...['rule local-order-created is disabled', 'rule a has no target b', 'no answer within 2000 ms', 'draining'],
    '3 items of local-orders cannot be processed, such as 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11; the log says why',
  ])('is believed if a check may have written it: %s', (text) => {
    expect(isReason(text)).toBe(true);
  });

  it.each<unknown>([
    ...ERRORS.map(([, thrown]) => (thrown instanceof Error ? thrown.message : thrown)).filter((text) => text !== ''),
    ...[PAGE, `AccessDeniedException: ${DENIAL.message}`, 'http://10.0.3.7', 'account 123456789012', 'x'.repeat(201)],
    ...['', 'a\nb', 'a\u202eb', '\u001b[31m', 7, null, undefined, {}, ['a']],
  ])('is dropped otherwise: %j', (text) => {
    expect(isReason(text)).toBe(false);
  });
});
