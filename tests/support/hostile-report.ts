/** Titles of the parts of schemathesis's report that list problems. The parts before them list what it tried. */
const WRONG = /^=+ (?:ERRORS|FAILURES) =+$/m;
/** Lines of our tool and of the API's log. */
const SAID =
  /^(?:No valid request succeeded|Requests without a token succeeded|.*"level":"error"|\d+ cases, NOT PASSED)/;
const LAST_LINES = 40;

/** The part of `npm run hostile`'s output that says why it failed and how to repeat it. */
export function failingPart(output: string): string {
  const lines = output.split('\n');
  const from = WRONG.exec(output)?.index;
  if (from !== undefined) {
    const before = output.slice(0, from).split('\n');
    return [...before.filter((line) => SAID.test(line)), output.slice(from)].join('\n');
  }
  const said = lines.filter((line) => SAID.test(line));
  return [...said.filter((line) => !lines.slice(-LAST_LINES).includes(line)), ...lines.slice(-LAST_LINES)].join('\n');
}
