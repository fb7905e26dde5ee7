import { declaredFor, TARGETS, type ConformanceCase, type TargetName } from './conformance-case.js';

export type Observed = Map<TargetName, Map<ConformanceCase, string>>;

const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function table(cases: readonly ConformanceCase[], observed: Observed): string {
  const header = ['case', 'AWS documents', ...TARGETS, 'why they differ'];
  const rows = cases.map((conformanceCase) => {
    const { name, aws = '–', differs = {} } = conformanceCase;
    // A target that did not run shows what the case declares, which the next run on it holds it to.
    const seen = TARGETS.map(
      (target) => observed.get(target)?.get(conformanceCase) ?? declaredFor(conformanceCase, target),
    );
    const why = TARGETS.flatMap((target) => (differs[target] ? [`${target}: ${differs[target].why}`] : []));
    return row([name, aws, ...seen, why.join('; ')].map(cell));
  });
  return [row(header), row(header.map(() => '---')), ...rows].join('\n');
}

/** The whole parity page: cases that differ first, then all of them by group. */
export function parityPage(cases: readonly ConformanceCase[], observed: Observed): string {
  const differing = cases.filter(({ differs }) => differs);
  const groups = [...new Set(cases.map(({ group }) => group))];
  const sections = groups.flatMap((group) => [
    `## ${group}`,
    table(
      cases.filter((conformanceCase) => conformanceCase.group === group),
      observed,
    ),
  ]);
  return [
    '# How alike the fakes, MiniStack and LocalStack are',
    'Written by `npm run parity`; the conformance suite fails when a cell is no longer true.',
    'Unit tests run on in-memory fakes, the rest on MiniStack 1.5.33 or LocalStack 4.14.0. One list of cases ' +
      '([tests/support/conformance](../tests/support/conformance)) runs against all three, each with the real ' +
      'template. The second column is what the AWS documentation says, where it says something; AWS itself was not asked.',
    `${cases.length} cases, ${cases.length - differing.length} alike everywhere. These differ:`,
    table(differing, observed),
    ...sections,
    '',
  ].join('\n\n');
}

const BLOCK = /(<!-- parity: npm run parity -->).*(<!-- \/parity -->)/s;

/** A page with the differences alone in its marked block. @throws when it has none */
export function withDifferences(page: string, cases: readonly ConformanceCase[], observed: Observed): string {
  if (!BLOCK.test(page))
    throw new Error('The page has no block between <!-- parity: npm run parity --> and <!-- /parity -->');
  const differing = cases.filter(({ differs }) => differs);
  return page.replace(BLOCK, (_, begin: string, end: string) => `${begin}\n\n${table(differing, observed)}\n\n${end}`);
}
