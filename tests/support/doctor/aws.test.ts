import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import * as yaml from 'yaml';
import { checkShell } from '../../../tools/doctor/aws/check-aws.mjs';
import { checkService, checkServices } from '../../../tools/doctor/aws/check-services.mjs';
import { checkStatus, checkTemplate, examineStack } from '../../../tools/doctor/aws/check-stack.mjs';
import { explain } from '../../../tools/doctor/aws/explain.mjs';
import { lastStop } from '../../../tools/doctor/aws/service.mjs';
import { firstFailure } from '../../../tools/doctor/aws/stack.mjs';

const around = { stage: 'shop', region: 'eu-central-1', profile: undefined };
const aws = (step: string) => `aws ${step}`;
const named = { name: 'orderflow-shop', deploy: 'deploy', aws };
const error = (name: string, message = '', code?: string) => Object.assign(new Error(message), { name, code });

describe('an error of AWS is one sentence with a fix', () => {
  const role = 'arn:aws:sts::123456789012:assumed-role/Reader/anna';
  it.each([
    [error('Error', 'Region is missing'), 'no region is set', '--region REGION'],
    [error('CredentialsProviderError', 'Could not load'), 'there are no AWS credentials', 'aws configure sso'],
    [error('ExpiredTokenException', 'The security token expired'), 'the credentials have expired', 'aws sso login'],
    [error('ExpiredToken'), 'the credentials have expired', 'aws sso login'],
    [error('InvalidClientTokenId'), 'AWS does not accept this access key in eu-central-1', 'get-caller-identity'],
    [error('Error', '', 'ENOTFOUND'), 'no AWS endpoint was found for the region eu-central-1', '--region REGION'],
    [error('Error', '', 'ECONNREFUSED'), 'no answer: ECONNREFUSED', 'network'],
    [error('ThrottlingException', 'Rate exceeded'), 'Rate exceeded', 'get-caller-identity'],
    [
      error('AccessDenied', `User: ${role} is not authorized to perform: cloudformation:DescribeStacks on resource: x`),
      'cloudformation:DescribeStacks is not allowed for Reader/anna',
      'attach the managed policy shop-operator-eu-central-1 to your role or user',
    ],
    [error('AccessDeniedException'), 'a call is not allowed', 'shop-operator-eu-central-1'],
  ])('%s', (thrown, found, fix) => {
    const explained = explain(thrown, around);
    expect(explained).toEqual({ found: expect.stringContaining(found), fix: expect.stringContaining(fix) });
    expect(explained.found).not.toContain('123456789012');
  });

  it('names the profile', () => {
    const explained = explain(error('CredentialsProviderError', 'x'), { ...around, profile: 'work' });
    expect(explained.found).toBe('the profile work gives no credentials');
    expect(explain(error('ExpiredToken'), { ...around, profile: 'work' }).fix).toContain('--profile work');
  });
});

it('refuses a shell that points at an emulator, unless one is named', () => {
  const env = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:4566' };
  expect(checkShell(env, undefined)).toMatchObject({ status: 'fail', found: expect.stringContaining(':4566') });
  expect(checkShell(env, 'http://127.0.0.1:4566')).toBeUndefined();
  expect(checkShell({ AWS_ENDPOINT_URL: '' }, undefined)).toBeUndefined();
});

describe('a stack', () => {
  const status = (value: string) => checkStatus({ status: value }, 'OrderQueue: it exists', named);

  it('that is complete is fine, and one in progress is not yet', () => {
    expect(status('UPDATE_COMPLETE')).toEqual({
      check: 'Stack',
      status: 'ok',
      found: 'orderflow-shop: UPDATE_COMPLETE',
    });
    expect(status('UPDATE_IN_PROGRESS')).toMatchObject({ status: 'warn' });
  });

  it.each([
    ['ROLLBACK_COMPLETE', /^aws cloudformation delete-stack .* && aws cloudformation wait .* && deploy$/],
    ['UPDATE_ROLLBACK_COMPLETE', /^deploy$/],
    ['UPDATE_ROLLBACK_FAILED', /continue-update-rollback/],
    ['DELETE_FAILED', /delete-stack/],
    ['REVIEW_IN_PROGRESS', /^deploy$/],
  ])('that is %s has failed, with the reason and the way out', (value, fix) => {
    expect(status(value)).toEqual({
      ...{ check: 'Stack', status: 'fail', found: `orderflow-shop: ${value}; OrderQueue: it exists` },
      fix: expect.stringMatching(fix),
    });
  });

  it('failed because of the first failure of its last operation', () => {
    const event = (LogicalResourceId: string, ResourceStatus: string, ResourceStatusReason?: string) =>
      ({ LogicalResourceId, ResourceStatus, ResourceStatusReason, ResourceType: 'AWS::SQS::Queue' }) as never;
    const begun = { ResourceType: 'AWS::CloudFormation::Stack', ResourceStatus: 'UPDATE_IN_PROGRESS' } as never;
    expect(
      firstFailure([
        event('Other', 'UPDATE_FAILED', 'Resource update cancelled'),
        event('Later', 'UPDATE_FAILED', 'a consequence'),
        event('First', 'UPDATE_FAILED', 'no such key'),
        begun,
        event('Long ago', 'CREATE_FAILED', 'repaired since'),
      ]),
    ).toBe('First: no such key');
    expect(firstFailure([event('Fine', 'UPDATE_COMPLETE'), begun])).toBeUndefined();
  });

  it('differs from the repository by named resources; comments and order do not count', () => {
    const deployed = 'Resources:\n  A: { Type: X, P: !Sub "${S}-a" }\n  B: { Type: Y }\n  C: { Type: Z }\n';
    const wanted =
      '# new\nResources:\n  C: { Type: Z }\n  A: { P: !Sub "${S}-b", Type: X }\n  D: { Type: !If [Q, 1, 2] }\n';
    expect(checkTemplate({ wanted, deployed }, named, yaml)).toEqual({
      ...{ check: 'Template', status: 'warn', fix: 'deploy' },
      found: 'orderflow-shop was deployed from another version; not deployed yet: D; changed: A; only deployed: B',
    });
    expect(checkTemplate({ wanted: `# x\n${deployed}`, deployed }, named, yaml).status).toBe('ok');
  });

  it('is examined as far as the role allows', async () => {
    const denied = error('AccessDenied', 'User: x is not authorized to perform: cloudformation:GetTemplate on y');
    const reader = {
      stack: () => Promise.resolve({ status: 'ROLLBACK_COMPLETE', parameters: {}, region: '', account: '' }),
      template: () => Promise.reject(denied),
      failure: () => Promise.reject(error('AccessDenied')),
    };
    const options = { ...named, part: 'topology', isOptional: false, readFile: () => '' };
    const { checks } = await examineStack(reader, options, around, yaml);
    expect(checks.map(({ check, status: state, found }) => [check, state, found])).toEqual([
      ['Stack', 'fail', 'orderflow-shop: ROLLBACK_COMPLETE; the reason cannot be read: a call is not allowed'],
      ['Template', 'fail', 'not compared: cloudformation:GetTemplate is not allowed for x'],
    ]);
    const closed = { ...reader, stack: () => Promise.reject(denied) };
    expect((await examineStack(closed, options, around, yaml)).checks).toMatchObject([
      { check: 'Stack', status: 'fail' },
    ]);
  });
});

describe('a service', () => {
  const fixes = { stage: 'shop', aws, deploy: 'deploy' };
  const service = {
    ...{ name: 'order-worker', status: 'ACTIVE', desired: 2, running: 2, rollout: 'COMPLETED', images: ['worker:1'] },
    ...{ rolloutReason: 'done', lastEvent: '(service order-worker) has reached a steady state.', stopped: 'scaled in' },
  };

  it('with all its tasks is fine', () => {
    expect(checkService(service, fixes)).toEqual({
      ...{ check: 'Service order-worker', status: 'ok' },
      found: '2 of 2 tasks run, deployment COMPLETED, worker:1',
    });
  });

  it.each([
    [{ running: 1 }, 'warn', 'the last task stopped: scaled in'],
    [{ running: 0 }, 'fail', 'the last task stopped: scaled in'],
    [{ rollout: 'FAILED', rolloutReason: 'circuit breaker' }, 'fail', 'circuit breaker; the last task stopped'],
    [{ rollout: 'IN_PROGRESS', lastEvent: 'unable to place a task' }, 'warn', 'last event: unable to place a task'],
    [{ desired: 0, running: 0 }, 'warn', 'no task is wanted'],
    [{ status: 'INACTIVE' }, 'fail', 'it is INACTIVE'],
  ])('with %j is not', (change, status, found) => {
    const check = checkService({ ...service, ...change }, fixes);
    expect(check).toMatchObject({
      status,
      found: expect.stringContaining(found),
      fix: expect.stringMatching(/^(aws|deploy)/),
    });
  });

  it('that is missing is named', () => {
    const missing = checkServices([service], fixes).filter(({ status }) => status === 'fail');
    const others = Object.keys(SERVICES).filter((name) => name !== service.name);
    expect(missing.map(({ check }) => check)).toEqual(others.map((name) => `Service ${name}`));
  });

  it('says why its last task stopped', () => {
    const task = (at: number, stoppedReason: string) => ({
      ...{ stoppedAt: new Date(at), stoppedReason },
      containers: [
        { name: 'order-worker', exitCode: 1 },
        { name: 'collector', exitCode: 0 },
      ],
    });
    expect(lastStop([task(1, 'before'), task(2, 'Essential container exited')])).toBe(
      'Essential container exited; order-worker: exit code 1',
    );
    expect(lastStop([])).toBeUndefined();
  });
});
