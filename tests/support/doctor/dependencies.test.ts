import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkDependencies } from '../../../tools/doctor/machine.mjs';
import { stateOfDependencies } from '../../../tools/local/dependencies.mjs';

describe('dependencies', () => {
  const packages = {
    '': { name: 'project' },
    contracts: { name: '@orderflow/contracts' },
    'node_modules/@orderflow/contracts': { resolved: 'contracts', link: true },
    'node_modules/jest': { version: '30.5.2', dev: true },
    'node_modules/jest/node_modules/semver': { version: '7.7.1', dev: true },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  let root = '';
  const path = (name: string) => `${root}node_modules/${name}`;
  const install = (name: string, version: string) => {
    mkdirSync(path(name), { recursive: true });
    writeFileSync(`${path(name)}/package.json`, JSON.stringify({ version }));
  };

  beforeEach(() => {
    root = `${mkdtempSync(join(tmpdir(), 'dependencies-'))}/`;
    writeFileSync(`${root}package-lock.json`, JSON.stringify({ packages }));
    mkdirSync(`${root}contracts`);
    mkdirSync(path('@orderflow'), { recursive: true });
    symlinkSync('../../contracts', path('@orderflow/contracts'));
    install('jest', '30.5.2');
    install('jest/node_modules/semver', '7.7.1');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('are up to date when all are installed, whenever that was', () => {
    utimesSync(path('jest'), 0, 0);
    expect(stateOfDependencies(root)).toBe('up to date');
    expect(checkDependencies('up to date').status).toBe('ok');
  });

  it.each<[string, () => void, string]>([
    [
      'nothing',
      () => {
        rmSync(path(''), { recursive: true });
      },
      'missing',
    ],
    [
      'all but a development dependency',
      () => {
        rmSync(path('jest'), { recursive: true });
      },
      'jest is missing, and 1 more',
    ],
    [
      'a package without its files',
      () => {
        rmSync(`${path('jest')}/package.json`);
      },
      'jest is missing',
    ],
    [
      'a nested package too few',
      () => {
        rmSync(path('jest/node_modules'), { recursive: true });
      },
      'semver is missing',
    ],
    [
      'another version',
      () => {
        install('jest', '29.0.0');
      },
      'jest is 29.0.0, not 30.5.2',
    ],
    [
      'another version of an optional package',
      () => {
        install('other-platform', '2.0.0');
      },
      'is 2.0.0, not 1.0.0',
    ],
    [
      'an optional package without its files',
      () => {
        mkdirSync(path('other-platform'));
      },
      'other-platform is missing',
    ],
    [
      'a broken link',
      () => {
        rmSync(`${root}contracts`, { recursive: true });
      },
      '@orderflow/contracts is missing',
    ],
    [
      'a link to another checkout',
      () => {
        rmSync(path('@orderflow/contracts'));
        symlinkSync(tmpdir(), path('@orderflow/contracts'));
      },
      '@orderflow/contracts links elsewhere',
    ],
    [
      'a copy in place of a link',
      () => {
        rmSync(path('@orderflow/contracts'));
        install('@orderflow/contracts', '0.1.0');
      },
      '@orderflow/contracts links elsewhere',
    ],
    [
      'a file that is cut off',
      () => {
        writeFileSync(`${path('jest')}/package.json`, '{"version"');
      },
      'jest is missing',
    ],
  ])('are not up to date with %s', (_what, spoil, found) => {
    spoil();
    const state = stateOfDependencies(root);
    expect(state).toContain(found);
    expect(checkDependencies(state)).toMatchObject({ status: 'warn', fix: 'npm ci --include=dev' });
  });
});
