/** Runs cfn-lint on the CloudFormation template, in a separate virtual environment. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ofTheMachine } from './local/environment.mjs';
import { pipEnvironment } from './local/requirements.mjs';

const CFN_LINT = 'cfn-lint==1.51.0';
const cwd = fileURLToPath(new URL('..', import.meta.url));
const environment = `${cwd}.local/${CFN_LINT.replace('==', '-')}`;
const [bin, python] = process.platform === 'win32' ? ['Scripts', 'python'] : ['bin', 'python3'];
const venvPython = `${environment}/${bin}/python`;
const cfnLint = `${environment}/${bin}/cfn-lint`;

/** @param {string} problem what to say when it fails @param {string} command @param {string[]} args */
function run(problem, command, args, env = ofTheMachine(process.env)) {
  if (spawnSync(command, args, { cwd, stdio: 'inherit', env }).status === 0) return;
  // An incomplete environment must not look complete to the next run.
  if (command !== cfnLint) rmSync(environment, { recursive: true, force: true });
  console.error(problem);
  process.exit(1);
}

if (!existsSync(cfnLint) && !existsSync(`${cfnLint}.exe`)) {
  const needs =
    'cfn-lint checks the template. It needs Python 3.10 or newer with its venv module ' +
    '(Debian, Ubuntu: apt install python3-venv). Install it and run this again.';
  run(needs, python, ['-I', '-m', 'venv', environment]);
  const install = ['-I', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', CFN_LINT];
  const failed = `${CFN_LINT} could not be installed from PyPI; pip's reason is above.`;
  run(failed, venvPython, install, pipEnvironment(venvPython));
}
// Include informational rules, for example those about deletion policies.
const args = ['--include-checks', 'I', '--', 'infrastructure/template.yaml'];
run('The template does not pass cfn-lint.', cfnLint, args);
