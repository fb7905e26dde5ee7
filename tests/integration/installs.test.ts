import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stateOfDependencies } from '../../tools/local/dependencies.mjs';
import { findPython, installDependencies } from '../../tools/local/requirements.mjs';
import { HOSTILE_SHELL } from '../support/hostile-shell.js';

const TIMEOUT_MS = 120_000;
const REQUIREMENTS = new URL('../../tools/local/requirements.mjs', import.meta.url).href;
let folder: string;
let root: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderflow-installs-'));
  root = `${folder}/project/`;
  mkdirSync(`${folder}/home`);
  mkdirSync(root);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Calls a function of requirements.mjs in a process with these variables; `root` is the project's folder. */
function inShell(shell: Record<string, string>, call: string): void {
  const program = `import * as requirements from ${JSON.stringify(REQUIREMENTS)};
    const root = ${JSON.stringify(root)};
    await requirements.${call};`;
  const home = { HOME: `${folder}/home`, USERPROFILE: `${folder}/home`, NODE_OPTIONS: '' };
  // Excludes the npm and pip settings of this machine and of the npx that runs the tests.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|PIP_)/i.test(name)));
  execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...env, ...home, ...shell },
    stdio: 'pipe',
  });
}

const isOf = (prefix: RegExp) =>
  Object.fromEntries(Object.entries(HOSTILE_SHELL).filter(([name]) => prefix.test(name)));

describe('the dependencies', () => {
  const NPM_CONFIG =
    'omit=dev\nproduction=true\nengine-strict=true\ndry-run=true\nglobal=true\npackage-lock=false\nbin-links=false\n';

  beforeEach(() => {
    // A Node version that does not exist.
    const tool = { name: 'a-tool', version: '1.0.0', bin: './tool.js', engines: { node: '>=99' } };
    mkdirSync(`${root}a-tool`);
    writeFileSync(`${root}a-tool/package.json`, JSON.stringify(tool));
    writeFileSync(`${root}a-tool/tool.js`, '');
    mkdirSync(`${root}a-library`);
    writeFileSync(`${root}a-library/package.json`, JSON.stringify({ name: 'a-library', version: '1.0.0' }));
    const npm = (...args: string[]) => execFileSync('npm', args, { cwd: root, stdio: 'ignore' });
    npm('pack', './a-tool', './a-library');
    const project = {
      ...{ name: 'a-project', version: '1.0.0' },
      dependencies: { 'a-library': 'file:a-library-1.0.0.tgz' },
      devDependencies: { 'a-tool': 'file:a-tool-1.0.0.tgz' },
    };
    writeFileSync(`${root}package.json`, JSON.stringify(project));
    npm('install', '--package-lock-only', '--offline');
  }, TIMEOUT_MS);

  it.each([
    ['NODE_ENV=production', { NODE_ENV: 'production' }, ''],
    ['npm_config_omit=dev', { npm_config_omit: 'dev' }, ''],
    ['npm_config_engine_strict=true', { npm_config_engine_strict: 'true' }, ''],
    ['all that a shell may say to npm', isOf(/^(?:NODE_|npm_)/i), ''],
    ['an .npmrc that says the same', {}, NPM_CONFIG],
  ])(
    'are installed with %s',
    (_what, shell, config) => {
      writeFileSync(`${folder}/home/.npmrc`, config);
      expect(stateOfDependencies(root)).toBe('missing');
      inShell(shell, 'installDependencies(root)');
      expect(existsSync(`${root}node_modules/.bin/a-tool`)).toBe(true);
      expect(stateOfDependencies(root)).toBe('up to date');
    },
    TIMEOUT_MS,
  );

  it(
    'are installed if one is missing or differs from the lockfile',
    async () => {
      execFileSync('npm', ['ci', '--offline', '--omit=dev'], { cwd: root, stdio: 'ignore' });
      const incomplete = 'not as in package-lock.json: a-tool is missing';
      expect(stateOfDependencies(root)).toBe(incomplete);
      expect(await installDependencies(root)).toBe('installed');

      rmSync(`${root}node_modules/a-tool`, { recursive: true });
      expect(stateOfDependencies(root)).toBe(incomplete);
      expect(await installDependencies(root)).toBe('installed');
    },
    TIMEOUT_MS,
  );

  it(
    'are never installed through a link into another checkout',
    async () => {
      execFileSync('npm', ['ci', '--offline'], { cwd: root, stdio: 'ignore' });
      renameSync(`${root}node_modules`, `${folder}/elsewhere`);
      rmSync(`${folder}/elsewhere/a-tool`, { recursive: true });
      symlinkSync(`${folder}/elsewhere`, `${root}node_modules`);
      await expect(installDependencies(root)).rejects.toThrow(/is a link to .*elsewhere, and .*a-tool is missing/);
      expect(existsSync(`${folder}/elsewhere/a-library`)).toBe(true);
    },
    TIMEOUT_MS,
  );
});

it(
  'Python packages go into a virtual environment, whatever the shell and its files configure',
  async () => {
    // A wheel is an archive with three metadata files.
    const { command } = await findPython();
    const wheel = `${folder}/a_wheel-1.0-py3-none-any.whl`;
    const write = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("a_wheel.py", "")
    wheel.writestr("a_wheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: a-wheel\\nVersion: 1.0\\n")
    wheel.writestr("a_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("a_wheel-1.0.dist-info/RECORD", "")
`;
    execFileSync(command, ['-I', '-c', write, wheel]);
    const digest = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    writeFileSync(`${root}requirements.txt`, `a-wheel==1.0 --hash=sha256:${digest}\n`);

    const config = `${folder}/home/pip.conf`;
    writeFileSync(config, `[global]\nfind-links = ${folder}\nno-index = true\nuser = true\nno-binary = :all:\n`);
    const environment = { name: 'environment', requirements: 'requirements.txt', what: 'A wheel' };
    const shell = { ...isOf(/^(?:PYTHON|PIP_|VIRTUAL_ENV)/), PIP_CONFIG_FILE: config };
    inShell(shell, `installPython(root, ${JSON.stringify(environment)})`);
    const python = `${root}.local/environment/${process.platform === 'win32' ? 'Scripts' : 'bin'}/python`;
    expect(execFileSync(python, ['-I', '-c', 'import a_wheel; print(a_wheel.__file__)']).toString()).toContain(root);
  },
  TIMEOUT_MS,
);
