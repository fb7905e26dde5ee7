/** Titles of the parts of schemathesis's report that say what is wrong; what comes before them says what it has tried. */
const WRONG = /^=+ (?:ERRORS|FAILURES) =+$/m;
/** Lines of our own tool, and of the API's log. */
const SAID = /^(?:No valid request succeeded|.*"level":"error"|\d+ cases, NOT PASSED)/;
const LAST_LINES = 40;

/** Of what `npm run hostile` has written, the part that says why it did not pass, and how to repeat it. */
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
