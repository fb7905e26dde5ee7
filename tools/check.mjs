/** `npm run check`: the checks that every change must pass. Arguments select single checks. */
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { misused, readArguments } from './usage.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @type {Record<string, string>} the command of each check */
const CHECKS = {
  audit: 'node tools/check-audit.mjs',
  format: 'prettier --check . --log-level warn',
  lint: 'eslint . --max-warnings=0',
  template: 'node tools/check-template.mjs',
  unused: 'knip',
  workflows: 'node tools/check-workflows.mjs',
};

const USAGE = `npm run check -- [${Object.keys(CHECKS).join('] [')}]

Without a name: a build, then every check but audit, which asks the npm registry.`;

const { positionals } = readArguments(USAGE, { allowPositionals: true });
const unknown = positionals.find((name) => !Object.hasOwn(CHECKS, name));
if (unknown !== undefined) misused(USAGE, `There is no check "${unknown}".`);

const BARE = ['format', 'lint', 'unused', 'template', 'workflows'];
const names = positionals.length > 0 ? positionals : BARE;
const commands = names.map((name) => CHECKS[name] ?? '');
if (positionals.length === 0) commands.unshift('tsc -b');
const env = { ...process.env, PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH ?? ''}` };
for (const command of commands) {
  const { status } = spawnSync(command, { cwd: root, env, shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
