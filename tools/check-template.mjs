/** Runs cfn-lint on the CloudFormation template, in a separate virtual environment. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ofTheMachine } from './local/environment.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { installPython } from './local/requirements.mjs';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const environment = { name: 'cfn-lint', requirements: 'tools/cfn-lint-requirements.txt', what: 'cfn-lint' };
// Include informational rules, for example those about deletion policies.
const options = ['--include-checks', 'I', '--', 'infrastructure/template.yaml'];
const command = ['-I', '-c', 'from cfnlint.runner import main; raise SystemExit(main())', ...options];
try {
  const { python } = await installPython(cwd, environment);
  const { status } = spawnSync(python, command, { cwd, stdio: 'inherit', env: ofTheMachine(process.env) });
  if (status !== 0) throw new LocalError('The template does not pass cfn-lint.', '');
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
