/** README.md and README.zh-CN.md say the same, and neither names a file, an anchor or a script that is not there. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SCENARIOS } from '../../scenarios/scenarios.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const english = read('README.md');
const chinese = read('README.zh-CN.md');
const both = [
  ['README.md', english],
  ['README.zh-CN.md', chinese],
] as const;
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

const FENCED = /^(```.*\n[^]*?^```)$/m;
const HEADING = /^(#+) (.+)$/;
const COMMENT = /(?<=^|\s)#.*$/gm;
/**
 * What no translation changes: code spans, link targets, commands, addresses, variables and numbers. The earlier ones
 * take what the later ones would find in them.
 */
const FACT =
  /`[^`]+`|\]\([^)]+\)|(?:npm run|docker compose) [\w:-]+|npm \w+|https?:\/\/[\w.:/-]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\d+(?:[.-]\d+)*/g;

/** Code blocks, headings, paragraphs, list items and table rows, in their order. */
function pieces(markdown: string): string[] {
  return markdown
    .split(FENCED)
    .flatMap((part, index) => (index % 2 === 1 ? [part] : part.split(/\n\s*\n|\n(?=[|#]|- )/)))
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

const isCode = (piece: string) => piece.startsWith('```');

/** Commands without the comments, which are translated. */
function commands(block: string): string[] {
  const code = block.startsWith('```sh\n') ? block.replace(COMMENT, '') : block;
  return code
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

/** Sorted, because sentences are built in another order in another language. */
function facts(text: string): string[] {
  return (text.replace(/\s+/g, ' ').match(FACT) ?? [])
    .map((fact) => fact.replace(/^\]\(README(\.zh-CN)?\.md\)$/, '](the other language)').replace(/^\]\(#.*/, '](#)'))
    .sort();
}

/** A document without its language. */
function skeleton(markdown: string) {
  return pieces(markdown).map((piece) => {
    if (isCode(piece)) {
      const comments = piece.startsWith('```sh\n') ? (piece.match(COMMENT) ?? []) : [];
      return { code: commands(piece), facts: facts(comments.join('\n')) };
    }
    const sign = /^(#+|-|\|)? ?/.exec(piece)?.[1] ?? 'paragraph';
    const columns = sign === '|' ? piece.replace(/`[^`]+`/g, '').split('|').length - 2 : 0;
    return { sign, columns, facts: facts(piece) };
  });
}

const codeBlocks = (markdown: string) => pieces(markdown).filter(isCode).map(commands);

const headings = (markdown: string) =>
  pieces(markdown).flatMap((piece) => {
    const [, signs, text] = HEADING.exec(piece) ?? [];
    return signs && text ? [{ level: signs.length, text }] : [];
  });

/** As GitHub makes them: https://docs.github.com/en/get-started/writing-on-github, "Section links". */
function anchors(markdown: string): string[] {
  const seen = new Map<string, number>();
  return headings(markdown).map(({ text }) => {
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

function brokenLinks(markdown: string): string[] {
  const prose = pieces(markdown).filter((piece) => !isCode(piece));
  const targets = prose.flatMap((piece) => [...piece.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!));
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    if (path !== '' && !existsSync(new URL(path, root))) return true;
    return anchor !== undefined && !anchors(path === '' ? markdown : read(path)).includes(anchor);
  });
}

function unknownScripts(markdown: string): string[] {
  const named = [...markdown.matchAll(/npm run\s+([\w:-]+)/g)].map((match) => match[1]!);
  return named.filter((name) => !scripts.includes(name));
}

function scriptsWithoutRow(markdown: string): string[] {
  const rows = pieces(markdown).filter((piece) => piece.startsWith('|'));
  return scripts.filter((name) => {
    const command = name === 'test' ? 'npm test' : `npm run ${name}`;
    return !rows.some((row) => row.startsWith(`| \`${command}\``));
  });
}

describe('the two READMEs', () => {
  it('have the same code blocks, comments aside', () => {
    expect(codeBlocks(english).length).toBeGreaterThan(0);
    expect(codeBlocks(chinese)).toEqual(codeBlocks(english));
  });

  it('have headings of the same levels', () => {
    const levels = (markdown: string) => headings(markdown).map(({ level }) => level);
    expect(levels(english).length).toBeGreaterThan(0);
    expect(levels(chinese)).toEqual(levels(english));
  });

  it('name the same commands, ports, variables and links in each paragraph, list item and table row', () => {
    expect(skeleton(chinese)).toEqual(skeleton(english));
  });

  it('link to each other at the same place', () => {
    const place = (markdown: string, link: string) => pieces(markdown).findIndex((piece) => piece.endsWith(link));
    expect(place(english, '](README.zh-CN.md)')).toBeGreaterThan(0);
    expect(place(chinese, '](README.md)')).toBe(place(english, '](README.zh-CN.md)'));
  });
});

describe.each(both)('%s', (_name, markdown) => {
  it('links to files and anchors that exist', () => {
    expect(brokenLinks(markdown)).toEqual([]);
  });

  it('names no script that package.json has not', () => {
    expect(unknownScripts(markdown)).toEqual([]);
  });

  it('has a row for every script of package.json', () => {
    expect(scriptsWithoutRow(markdown)).toEqual([]);
  });
});

describe('what is noticed', () => {
  it.each([
    ['another port in a table', '| 4566 ', '| 4567 '],
    ['another command in a code block', 'npm ci && npm test ', 'npm install && npm test '],
    ['another command in a comment', '：npm run local', '：npm run dev'],
    ['another command in a sentence', '`npm run local:stop`；', '`npm run local`；'],
    ['another variable', '`API_PORT`', '`PORT_OF_API`'],
    ['another default', '| 28000 ', '| 30000 '],
    ['another answer', '"version": 3', '"version": 4'],
    ['another log line', 'durationMs=608 ', 'durationMs=609 '],
    ['another language of a code block', '```http', '```text'],
    ['another heading level', '### 订单列表', '## 订单列表'],
    ['a table row too few', /^\| `STAGE`.*\n/m, ''],
    ['a paragraph too many', '\n## 端口', '\n端口\n\n## 端口'],
    ['another link', '](LICENSE)', '](CONTRIBUTING.md)'],
  ])('%s', (_what, right, wrong) => {
    const changed = chinese.replace(right, wrong);
    expect(changed).not.toBe(chinese);
    expect(skeleton(changed)).not.toEqual(skeleton(english));
  });

  it('a link to a file or an anchor that does not exist', () => {
    const links = '[a](docs/none.md) [b](docs/architecture.md#none) [c](#none) [d](#title) [e](https://example.com)';
    expect(brokenLinks(`# Title\n\n${links}`)).toEqual(['docs/none.md', 'docs/architecture.md#none', '#none']);
  });

  it('a script that does not exist, and one without a row', () => {
    expect(unknownScripts('`npm run\nno-such-script -- --detach`, `npm run build`')).toEqual(['no-such-script']);
    expect(scriptsWithoutRow('| `npm test` | x |\n`npm run build`')).toEqual(scripts.filter((name) => name !== 'test'));
  });
});

describe('the lesson of a scenario', () => {
  it.each(SCENARIOS)('$name is short, and links to a section that exists', ({ lesson, readOn }) => {
    expect(lesson).toMatch(/^[A-Z][^]+\.$/);
    expect(lesson.length).toBeLessThan(240);
    expect(readOn).toMatch(/^[\w./-]+\.md#[\w-]+$/);
    expect(brokenLinks(`[section](${readOn})`)).toEqual([]);
  });
});
