/** The workflow runs pinned actions with few permissions, and calls scripts that exist. actionlint checks its syntax. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const FILES = readdirSync(new URL('.github', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yml'))
  .map((path) => `.github/${path}`);

type Step = { if?: string; uses?: string; run?: string; with?: Record<string, string> };
type Job = {
  if?: string;
  needs?: string | string[];
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  environment?: string;
  concurrency?: { 'cancel-in-progress': boolean };
  strategy?: { matrix: { service: string[] } };
  steps: Step[];
};
const { jobs, permissions } = parse(read('.github/workflows/ci.yml')) as {
  jobs: Record<string, Job>;
  permissions: object;
};
const steps = Object.values(jobs).flatMap((job) => job.steps);
const deployment = jobs.deploy!;

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
const OWN = /^\.\/\.github\/actions\/[\w-]+$/;

/** Actions that are not pinned by a full commit id with its version beside it. */
function unpinned(text: string): string[] {
  const used = [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map((match) => match[1]!);
  return used.filter((name) => !PINNED.test(name) && !OWN.test(name));
}

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

function unknownScripts(commands: string): string[] {
  const named = [...commands.matchAll(/npm (?:run )?([\w:-]+)/g)].map((match) => match[1]!);
  return named.filter((name) => name !== 'ci' && !scripts.includes(name));
}

describe.each(FILES)('%s', (path) => {
  it('pins every action by commit, with its version in a comment', () => {
    expect(read(path)).toContain('uses: ');
    expect(unpinned(read(path))).toEqual([]);
  });

  it('puts no value of an event or a variable into a shell command', () => {
    const file = parse(read(path)) as { jobs?: Record<string, Job>; runs?: { steps: Step[] } };
    const all = [...Object.values(file.jobs ?? {}).flatMap((job) => job.steps), ...(file.runs?.steps ?? [])];
    expect(all.filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });
});

describe('the workflow', () => {
  it('gives no job a permission by default', () => {
    expect(permissions).toEqual({});
  });

  it.each(Object.entries(jobs))('gives %s a timeout and only what it needs', (name, job) => {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    const usesAws = job.steps.some(({ uses }) => uses?.startsWith('aws-actions/'));
    const checksOut = job.steps.some(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect({ name, ...job.permissions }).toEqual({
      name,
      ...(checksOut ? { contents: 'read' } : {}),
      ...(usesAws ? { 'id-token': 'write' } : {}),
    });
  });

  it('uses roles instead of stored keys', () => {
    expect(read('.github/workflows/ci.yml')).not.toMatch(/secrets\.|aws-access-key-id|AWS_SECRET/);
  });

  it('runs only scripts of package.json', () => {
    expect(unknownScripts(steps.map(({ run = '' }) => run).join('\n'))).toEqual([]);
  });

  it('leaves no token in the checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.map((step) => step.with?.['persist-credentials'])).toEqual(checkouts.map(() => false));
  });

  it('runs on the Node of .nvmrc, like the images', () => {
    const set = steps.filter(({ uses }) => uses?.startsWith('actions/setup-node@'));
    expect(set.map((step) => step.with?.['node-version-file'])).toEqual(['.nvmrc', '.nvmrc']);
    for (const file of ['Dockerfile.api', 'Dockerfile.worker']) {
      expect(read(file)).toContain(`FROM node:${read('.nvmrc').trim()}-bookworm-slim\n`);
    }
  });

  it.each(['images', 'publish'])('builds every service in %s', (name) => {
    expect(jobs[name]?.strategy?.matrix.service).toEqual(Object.keys(SERVICES));
  });

  it('joins the images of every service', () => {
    const script = jobs.index?.steps.map(({ run = '' }) => run).join('\n');
    expect(script).toContain(`for service in ${Object.keys(SERVICES).join(' ')}; do`);
  });

  it('publishes on main only, after checks and tests', () => {
    expect(jobs.publish?.if).toContain("github.event_name == 'push'");
    expect(jobs.publish?.needs).toEqual(['check', 'test']);
    expect(jobs.index?.needs).toBe('publish');
  });

  it('asks the deployed API only if runners can reach it', () => {
    const [probe, ...others] = deployment.steps.filter(({ run }) => run?.includes('$API_URL'));
    expect(others).toEqual([]);
    expect(probe?.if).toBe("vars.API_URL != ''");
  });

  it('deploys after an approval, one at a time, and never stops half-way', () => {
    expect(deployment.needs).toBe('index');
    expect(deployment.environment).toBe('production');
    expect(deployment.concurrency?.['cancel-in-progress']).toBe(false);
  });
});

describe('these checks notice', () => {
  it('an action that is pinned by a tag, or has no version', () => {
    const sha = 'de0fac2e4500dabe0009e67214ff5f5447ce83dd';
    const uses = [`a/b@v1`, `a/b@${sha}`, `a/b@${sha} # v1.2.3`, `a/b@${sha.slice(1)} # v1.2.3`, './.github/actions/x'];
    expect(unpinned(uses.map((name) => `      - uses: ${name}`).join('\n'))).toEqual([uses[0], uses[1], uses[3]]);
  });

  it('a script that does not exist', () => {
    expect(unknownScripts('npm ci\nnpm run none -- x\nnpm test -- y\nnpm run check')).toEqual(['none']);
  });
});
