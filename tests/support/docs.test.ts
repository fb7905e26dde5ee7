/** Documents name only existing files, anchors and scripts, and CONTRIBUTING.md lists all scripts. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SCENARIOS } from '../../scenarios/scenarios.js';
import { brokenLinks, DOCUMENTS, pieces, read } from './markdown.js';

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

function unknownScripts(markdown: string): string[] {
  const named = [...markdown.matchAll(/npm run\s+([\w:-]+)/g)].map((match) => match[1]!);
  return named.filter((name) => !scripts.includes(name));
}

/** Whole paths in code spans. Placeholders such as `services/<worker>/src/app.ts` do not match. */
const FILE = /`((?:contracts|domain|platform|services|testing|tests|tools|infrastructure)\/[\w./-]+\.\w+)`/g;

function unknownFiles(markdown: string): string[] {
  const named = [...markdown.matchAll(FILE)].map((match) => match[1]!);
  return named.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)));
}

function scriptsWithoutRow(markdown: string): string[] {
  const rows = pieces(markdown).filter((piece) => piece.startsWith('|'));
  return scripts.filter((name) => {
    const command = name === 'test' ? 'npm test' : `npm run ${name}`;
    return !rows.some((row) => row.startsWith(`| \`${command}\``));
  });
}

describe.each(DOCUMENTS)('%s', (path) => {
  it('links to files and anchors that exist', () => {
    expect(brokenLinks(read(path), path)).toEqual([]);
  });

  it('names only scripts of package.json', () => {
    expect(unknownScripts(read(path))).toEqual([]);
  });

  it('names only files that exist', () => {
    expect(unknownFiles(read(path))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  it('has a row for every script of package.json', () => {
    expect(scriptsWithoutRow(read('CONTRIBUTING.md'))).toEqual([]);
  });
});

describe('the two READMEs', () => {
  it.each(['README.md', 'README.zh-CN.md'])('%s is short enough to read', (path) => {
    expect(read(path).trimEnd().split('\n').length).toBeLessThanOrEqual(220);
  });
});

describe('an alert', () => {
  const alerts = read('observability/prometheus/alerts.yml');

  it('has a runbook that exists', () => {
    const runbooks = [...alerts.matchAll(/runbook_url: (\S+)/g)].map((match) => match[1]!);
    expect(runbooks.length).toBeGreaterThan(0);
    expect(brokenLinks(runbooks.map((url) => `[runbook](${url})`).join(' '), 'README.md')).toEqual([]);
  });
});

describe('the lesson of a scenario', () => {
  it.each(SCENARIOS)('$name is short, and links to a section that exists', ({ lesson, readOn }) => {
    expect(lesson).toMatch(/^[A-Z][^]+\.$/);
    expect(lesson.length).toBeLessThan(240);
    expect(readOn).toMatch(/^[\w./-]+\.md#[\w-]+$/);
    expect(brokenLinks(`[section](${readOn})`, 'README.md')).toEqual([]);
  });
});

describe('these checks notice', () => {
  it('a link to a file or an anchor that does not exist', () => {
    const links = '[a](docs/none.md) [b](docs/metrics.md#none) [c](#none) [d](#title) [e](https://example.com)';
    expect(brokenLinks(`# Title\n\n${links}`, 'README.md')).toEqual(['docs/none.md', 'docs/metrics.md#none', '#none']);
    expect(brokenLinks('[a](metrics.md) [b](../README.md) [c](README.md)', 'docs/x.md')).toEqual(['README.md']);
  });

  it('a file that does not exist', () => {
    const spans = '`contracts/src/none.ts`, `contracts/src/index.ts`, `services/<worker>/src/app.ts`';
    expect(unknownFiles(spans)).toEqual(['contracts/src/none.ts']);
  });

  it('a script that does not exist, and one without a row', () => {
    expect(unknownScripts('`npm run\nno-such-script -- --detach`, `npm run build`')).toEqual(['no-such-script']);
    expect(scriptsWithoutRow('| `npm test` | x |\n`npm run build`')).toEqual(scripts.filter((name) => name !== 'test'));
  });
});
