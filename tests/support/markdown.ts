/** Parses Markdown into pieces, headings, anchors and links. Paths are relative to the root of the repository. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
export const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Every document. */
export const DOCUMENTS = [
  ...['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(new URL('docs', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
];

const FENCED = /^(```.*\n[^]*?^```)$/m;
const HEADING = /^(#+) (.+)$/;

/** Code blocks, headings, paragraphs, list items and table rows, in their order. */
export function pieces(markdown: string): string[] {
  return markdown
    .split(FENCED)
    .flatMap((part, index) => (index % 2 === 1 ? [part] : part.split(/\n\s*\n|\n(?=[|#]|- )/)))
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

export const isCode = (piece: string) => piece.startsWith('```');

export const headings = (markdown: string) =>
  pieces(markdown).flatMap((piece) => {
    const [, signs, text] = HEADING.exec(piece) ?? [];
    return signs && text ? [{ level: signs.length, text }] : [];
  });

/** GitHub's rule: https://docs.github.com/en/get-started/writing-on-github, "Section links". */
function anchors(markdown: string): string[] {
  const seen = new Map<string, number>();
  const ofHeadings = headings(markdown).map(({ text }) => {
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return [...ofHeadings, ...[...markdown.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1]!)];
}

/** Links of a document whose file or anchor does not exist. @param from its path */
export function brokenLinks(markdown: string, from: string): string[] {
  const prose = pieces(markdown).filter((piece) => !isCode(piece));
  const targets = prose.flatMap((piece) => [...piece.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!));
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = new URL(path, new URL(from, root));
    if (path !== '' && !existsSync(file)) return true;
    return anchor !== undefined && !anchors(path === '' ? markdown : readFileSync(file, 'utf8')).includes(anchor);
  });
}
