import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { declaredFor, TARGETS, type ConformanceCase, type Target } from '../support/conformance/conformance-case.js';
import { DYNAMODB_CASES } from '../support/conformance/dynamodb-cases.js';
import { EVENTBRIDGE_CASES } from '../support/conformance/eventbridge-cases.js';
import { parityPage, type Observed } from '../support/conformance/parity-table.js';
import { SQS_CASES } from '../support/conformance/sqs-cases.js';
import { runs, START } from '../support/conformance/targets.js';

const CASES = [...DYNAMODB_CASES, ...SQS_CASES, ...EVENTBRIDGE_CASES];
const observed: Observed = new Map(TARGETS.map((target) => [target, new Map<ConformanceCase, string>()]));

describe.each(TARGETS.filter(runs))('%s', (name) => {
  let target: Target;
  beforeAll(async () => {
    target = await START[name]();
  }, 180_000);
  afterAll(async () => {
    await target.dispose();
  }, 60_000);

  it.each(CASES.map((conformanceCase) => [conformanceCase.group, conformanceCase.name, conformanceCase] as const))(
    '%s: %s',
    async (_group, _name, conformanceCase) => {
      const seen = await conformanceCase.observe(target, randomUUID());
      observed.get(name)?.set(conformanceCase, seen);
      expect(seen).toBe(declaredFor(conformanceCase, name));
    },
    30_000,
  );
});

describe('the parity table', () => {
  it('has unique names and only real differences', () => {
    expect(new Set(CASES.map(({ group, name }) => `${group}: ${name}`)).size).toBe(CASES.length);
    const pointless = CASES.filter(({ expected, differs = {} }) =>
      Object.values(differs).some(({ shows }) => shows === expected),
    );
    expect(pointless).toEqual([]);
  });

  it('is the same in docs/parity.md as in this run', async () => {
    const file = new URL('../../docs/parity.md', import.meta.url);
    const options = { ...(await resolveConfig(file)), parser: 'markdown' };
    const page = await format(parityPage(CASES, observed), options);
    if (process.env.WRITE_PARITY) await writeFile(file, page);
    expect(await readFile(file, 'utf8')).toBe(page);
  });
});
