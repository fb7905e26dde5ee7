/** README.md and README.zh-CN.md say the same. */
import { describe, expect, it } from '@jest/globals';
import { headings, isCode, pieces, read } from './markdown.js';

const english = read('README.md');
const chinese = read('README.zh-CN.md');

const COMMENT = /(?<=^|\s)#.*$/gm;
/**
 * What a translation keeps: code spans, link targets, commands, addresses, variables and numbers. An earlier
 * alternative consumes text that a later one would match.
 */
const FACT =
  /`[^`]+`|\]\([^)]+\)|(?:npm run|docker compose) [\w:-]+|npm \w+|https?:\/\/[\w.:/-]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\d+(?:[.-]\d+)*/g;

/** Commands without the comments, which are translated. */
function commands(block: string): string[] {
  const code = block.startsWith('```sh\n') ? block.replace(COMMENT, '') : block;
  return code
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

/** Sorted, because word order differs between languages. */
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

describe('these checks notice', () => {
  it.each([
    ['another port', '127.0.0.1:3000/api/orders -H', '127.0.0.1:3001/api/orders -H'],
    ['another command in a code block', 'npm ci && npm test ', 'npm install && npm test '],
    ['another command in a comment', '：npm run local', '：npm run dev'],
    ['another command in a sentence', '`npm run local:stop` 停止', '`npm run local` 停止'],
    ['another variable', '`AWS_ENDPOINT_URL`', '`AWS_REGION`'],
    ['another version', 'Node 20.19', 'Node 22'],
    ['another answer', '返回 201', '返回 200'],
    ['another language of a code block', '```mermaid', '```text'],
    ['another heading level', '### 从哪里读起', '## 从哪里读起'],
    ['a table row too few', /^\| \[poison-order\].*\n/m, ''],
    ['a paragraph too many', '\n## 使用', '\n使用\n\n## 使用'],
    ['another link', '](LICENSE)', '](CONTRIBUTING.md)'],
  ])('%s', (_what, right, wrong) => {
    const changed = chinese.replace(right, wrong);
    expect(changed).not.toBe(chinese);
    expect(skeleton(changed)).not.toEqual(skeleton(english));
  });
});
