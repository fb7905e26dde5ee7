import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as yaml from 'yaml';
import { readResources } from '../../../tools/template.mjs';
import { evaluate, PolicyError, readPolicy, type Access } from './evaluate.js';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/local-orders';
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/local-orders';
const READ: Access = { action: 'dynamodb:GetItem', resource: TABLE };

const policyOf = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const allow = (Action: unknown, Resource: unknown, Condition?: object) => ({
  ...{ Sid: 'A', Effect: 'Allow', Action, Resource },
  ...(Condition && { Condition }),
});
const isAllowed = (access: Access, ...statements: object[]) =>
  evaluate(readPolicy(policyOf(...statements)), access).allowed;

describe('the policy evaluator', () => {
  it('denies what nothing allows', () => {
    expect(evaluate([], READ)).toEqual({ allowed: false, isExplicit: false, by: [] });
    expect(isAllowed(READ, allow('dynamodb:Query', TABLE))).toBe(false);
    expect(isAllowed(READ, allow('dynamodb:GetItem', `${TABLE}/index/outbox`))).toBe(false);
  });

  it('allows an action on a resource, in lists and alone, whatever the case of the action', () => {
    expect(isAllowed(READ, allow('dynamodb:GetItem', TABLE))).toBe(true);
    expect(isAllowed(READ, allow(['sqs:SendMessage', 'DynamoDB:getitem'], ['arn:aws:sqs:::q', TABLE]))).toBe(true);
    expect(isAllowed(READ, allow('dynamodb:GetItem', TABLE.toUpperCase()))).toBe(false);
  });

  it('lets an explicit Deny win, in any order', () => {
    const statements = [allow('dynamodb:*', TABLE), { ...allow('dynamodb:GetItem', '*'), Effect: 'Deny' }];
    for (const some of [statements, statements.reverse()]) {
      expect(evaluate(readPolicy(policyOf(...some)), READ)).toMatchObject({ allowed: false, isExplicit: true });
    }
  });

  it.each([
    ['dynamodb:*', TABLE, true],
    ['dynamodb:Get?tem', TABLE, true],
    ['dynamodb:Get?', TABLE, false],
    ['dynamodb.GetItem', TABLE, false],
    ['*', '*', true],
    ['dynamodb:GetItem', 'arn:aws:dynamodb:*:*:table/local-*', true],
    ['dynamodb:GetItem', 'arn:aws:dynamodb:*:table/local-orders', false],
    ['dynamodb:GetItem', 'arn:*', false],
    ['dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:000000000000:table/local-order?', true],
    ['dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:000000000000:table/local-orders?', false],
  ])('reads the wildcards of %s on %s', (action, resource, allowed) => {
    expect(isAllowed(READ, allow(action, resource))).toBe(allowed);
  });

  it('takes a pattern without wildcards literally', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, other) => {
        fc.pre(!/[*?]|\$\{/.test(name));
        const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${table}`;
        const statement = allow('dynamodb:GetItem', arnOf(name));
        expect(isAllowed({ ...READ, resource: arnOf(other) }, statement)).toBe(name === other);
        expect(isAllowed({ ...READ, resource: arnOf(name) }, statement)).toBe(true);
      }),
    );
  });

  it('needs every condition, and one value of each', () => {
    const condition = { StringEquals: { 'events:Source': ['a', 'b'], 'events:detail-type': 'T' } };
    const publish = (context?: Record<string, string>) =>
      isAllowed(
        { action: 'events:PutEvents', resource: BUS, ...(context && { context }) },
        allow('events:PutEvents', BUS, condition),
      );
    expect(publish({ 'events:source': 'b', 'events:detail-type': 'T' })).toBe(true);
    expect(publish({ 'events:source': 'c', 'events:detail-type': 'T' })).toBe(false);
    expect(publish({ 'events:source': 'A', 'events:detail-type': 'T' })).toBe(false);
    expect(publish({ 'events:source': 'b' })).toBe(false);
    expect(publish()).toBe(false);
  });

  it('evaluates the use of a key through the services that the template names, and refuses every other use', () => {
    const key = 'arn:aws:kms:us-east-1:000000000000:key/one';
    const template = readFileSync(new URL('../../../infrastructure/template.yaml', import.meta.url), 'utf8');
    const deployment = { parameters: { KmsKeyArn: key }, region: 'us-east-1', account: '000000000000' };
    const { managedPolicies } = readResources(template, deployment, yaml);
    expect(managedPolicies).toHaveLength(4);
    for (const { PolicyDocument: document } of managedPolicies as { PolicyDocument: unknown }[]) {
      const decrypt = (resource: string, context?: Record<string, string>) =>
        evaluate(readPolicy(document), { action: 'kms:Decrypt', resource, ...(context && { context }) }).allowed;
      expect(decrypt(key, { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' })).toBe(true);
      expect(decrypt(key, { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' })).toBe(true);
      expect(decrypt(key, { 'kms:ViaService': 's3.us-east-1.amazonaws.com' })).toBe(false);
      expect(decrypt(key)).toBe(false);
      expect(decrypt(`${key}2`, { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' })).toBe(false);
    }
  });

  it('makes a rule of each action, resource and value, and says which one allowed', () => {
    const condition = { StringEquals: { 'events:source': ['a', 'b'], 'events:detail-type': ['T', 'U'] } };
    const rules = readPolicy(policyOf(allow('events:PutEvents', [BUS, `${BUS}2`], condition)));
    expect(rules).toHaveLength(8);
    const context = { 'events:source': 'b', 'events:detail-type': 'T' };
    const { by } = evaluate(rules, { action: 'events:PutEvents', resource: BUS, context });
    expect(by.map(({ name }) => name)).toEqual([
      `A: events:PutEvents on ${BUS} if events:source=b events:detail-type=T`,
    ]);
  });

  it.each([
    ['NotAction', policyOf({ Effect: 'Allow', NotAction: 'a:B', Resource: '*' })],
    ['NotResource', policyOf({ Effect: 'Deny', Action: 'a:B', NotResource: '*' })],
    ['Principal', policyOf({ ...allow('a:B', '*'), Principal: '*' })],
    ['StringLike', policyOf(allow('a:B', '*', { StringLike: { 'events:source': 'x' } }))],
    [
      'ForAllValues:StringEquals',
      policyOf(allow('a:B', '*', { 'ForAllValues:StringEquals': { 'events:source': 'x' } })),
    ],
    ['Bool', policyOf(allow('a:B', '*', { Bool: { 'events:source': 'x' } }))],
    ['toString', policyOf(allow('a:B', '*', { toString: { 'events:source': 'x' } }))],
    ['aws:SourceIp', policyOf(allow('a:B', '*', { StringEquals: { 'aws:SourceIp': 'x' } }))],
    ['policy variable', policyOf(allow('a:B', 'arn:aws:sqs:::${aws:username}'))],
    ['empty', policyOf(allow([], '*'))],
    ['text', policyOf(allow({ Ref: 'x' }, '*'))],
    ['undefined', policyOf({ Effect: 'Allow', Action: 'a:B' })],
    ['effect', policyOf({ ...allow('a:B', '*'), Effect: 'allow' })],
    ['version', { Version: '2008-10-17', Statement: [] }],
    ['Id', { Version: '2012-10-17', Id: 'x', Statement: [] }],
  ])('refuses a policy with what it does not evaluate: %s', (word, document) => {
    expect(() => readPolicy(document)).toThrow(PolicyError);
    expect(() => readPolicy(document)).toThrow(word);
  });
});
