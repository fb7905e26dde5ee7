import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
type Package = { scripts?: Record<string, string>; workspaces?: string[]; scarfSettings?: object };
const manifest = JSON.parse(read('package.json')) as Package;
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { hasInstallScript?: boolean; link?: boolean; resolved?: string }>;
};

/** Packages with install scripts, and why they work without them. */
const WITHOUT_THEIR_SCRIPT = {
  '@parcel/watcher': 'a separate prebuilt package for each platform',
  '@scarf/scarf': 'only reports the installation',
  '@swc/core': 'a separate prebuilt package for each platform',
  'cpu-features': 'optional: ssh2 does without',
  esbuild: 'a separate prebuilt package for each platform; the script only saves a process',
  protobufjs: 'only prints a warning',
  ssh2: 'only builds an optional, faster cipher',
  'unrs-resolver': 'a separate prebuilt package for each platform',
};

describe('an installation', () => {
  it('runs no package script, however npm ci is called', async () => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
    expect((await run('npm', ['config', 'get', 'ignore-scripts'], { cwd: root, env })).stdout).toBe('true\n');
  });

  it.each(['.ci/run', 'tools/local/requirements.mjs', 'Dockerfile.api', 'Dockerfile.worker'])(
    'by %s disables scripts itself',
    (file) => {
      // Comments and messages name the command, too.
      const commands = read(file).match(/(?<!`)\bnpm ci --.*|'ci', .*/g) ?? [];
      expect(commands.length).toBeGreaterThan(0);
      for (const command of commands) expect(command).toContain('--ignore-scripts');
    },
  );

  it('needs no script: a new package with one must be reviewed', () => {
    const withScript = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect([...new Set(withScript)].sort()).toEqual(Object.keys(WITHOUT_THEIR_SCRIPT).sort());
  });

  it('skips no script of the project, because none runs by itself', () => {
    const files = Object.keys(lock.packages).filter((path) => !path.includes('node_modules/'));
    for (const file of files) {
      const { scripts = {} } = JSON.parse(read(join(file, 'package.json'))) as Package;
      const implied = Object.keys(scripts).filter(
        (name) => /^(?:install|prepare)$/.test(name) || (/^(?:pre|post)/.test(name) && name !== 'prettier'),
      );
      expect({ file, implied }).toEqual({ file, implied: [] });
    }
  });

  it('of Python packages uses wheels only, which run nothing', () => {
    expect(read('tools/local/requirements.mjs')).toMatch(/'--only-binary', ':all:', '--require-hashes'/);
  });
});

describe('the telemetry of a dependency', () => {
  /** How many reports it sends for a project with these settings. It reads nothing else of the project. */
  async function reports(settings: object | undefined): Promise<number> {
    let count = 0;
    const server = createServer((_, response) => {
      count += 1;
      response.end();
    }).listen(0, 'localhost');
    await once(server, 'listening');
    const folder = mkdtempSync(join(tmpdir(), 'orderflow-scarf-'));
    const scarfSettings = { ...settings, skipTraversal: true };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'a', version: '1.0.0', scarfSettings }));
    const surroundings = Object.entries(process.env).filter(([name]) => !/^SCARF_|^DO_NOT_TRACK$|^npm_/.test(name));
    const SCARF_LOCAL_PORT = String((server.address() as AddressInfo).port);
    await run(process.execPath, [join(root, 'node_modules/@scarf/scarf/report.js')], {
      env: {
        ...Object.fromEntries(surroundings),
        NODE_OPTIONS: '',
        INIT_CWD: folder,
        TMPDIR: folder,
        SCARF_LOCAL_PORT,
      },
    }).catch(() => undefined);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
    return count;
  }

  it('stays off even if scripts run', async () => {
    expect(await reports(manifest.scarfSettings)).toBe(0);
  });

  it('would be sent without these settings', async () => {
    expect(await reports(undefined)).toBe(1);
  });
});
