import { declaredFor, TARGETS, type ConformanceCase, type TargetName } from './conformance-case.js';

export type Observed = Map<TargetName, Map<ConformanceCase, string>>;

const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function table(cases: readonly ConformanceCase[], observed: Observed): string {
  const header = ['case', 'AWS documents', ...TARGETS, 'why they differ'];
  const rows = cases.map((conformanceCase) => {
    const { name, aws = '–', differs = {} } = conformanceCase;
    // A target that did not run shows what the case declares. The next run on that target checks it.
    const seen = TARGETS.map(
      (target) => observed.get(target)?.get(conformanceCase) ?? declaredFor(conformanceCase, target),
    );
    const why = TARGETS.flatMap((target) => (differs[target] ? [`${target}: ${differs[target].why}`] : []));
    return row([name, aws, ...seen, why.join('; ')].map(cell));
  });
  return [row(header), row(header.map(() => '---')), ...rows].join('\n');
}

/** The whole parity page: the cases that differ, with a count of all. */
export function parityPage(cases: readonly ConformanceCase[], observed: Observed): string {
  const differing = cases.filter(({ differs }) => differs);
  return [
    '# How the fakes, MiniStack and LocalStack differ',
    '`npm test -- --parity` writes this page. The conformance suite fails when a cell is no longer true.',
    'Unit tests use in-memory fakes, other tests MiniStack 1.5.33 or LocalStack 4.14.0. The same cases ' +
      '([tests/support/conformance](../tests/support/conformance)) run against all three with the real template. The ' +
      'second column is what the AWS documentation says, if it says anything. The cases were not run on AWS.',
    `Of ${cases.length} cases, ${cases.length - differing.length} are the same everywhere. These ${differing.length} differ:`,
    table(differing, observed),
    '',
  ].join('\n\n');
}
