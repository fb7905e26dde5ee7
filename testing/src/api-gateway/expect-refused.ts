import { expect } from '@jest/globals';
import type { Problem } from '@orderflow/contracts';
import { bodyOf, quiet, type Api } from './start-api.js';

export function pathsOf(problem: Problem): string[] {
  return [...new Set(problem.errors?.map(({ path }) => path))].sort();
}

export async function expectNothingHappened(api: Api) {
  await quiet();
  expect(api.aws.dynamo.callsOf('BatchExecuteStatement')).toEqual([]);
  expect(api.aws.eventBridge.calls).toEqual([]);
  expect(api.orders()).toEqual([]);
}

export async function expectRefused(api: Api, url: string, body: unknown, paths: string[]) {
  const answer = await api.post(url, body);
  const problem = bodyOf<Problem>(answer);
  expect({ status: answer.status, paths: pathsOf(problem) }).toEqual({ status: 400, paths: [...paths].sort() });
  expect(problem.errors?.every(({ message }) => message.length > 0)).toBe(true);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  await expectNothingHappened(api);
}
