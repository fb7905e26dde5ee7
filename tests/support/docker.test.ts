import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askDocker, dockerProblem, runDocker } from '../../tools/local/docker.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fake `docker` in PATH, defined by a script. */
describe('Docker', () => {
  const { PATH: path = '' } = process.env;
  let folder = '';
  const isAScript = (script: string) => {
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'docker'), 0o755);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'docker-'));
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  it('that hangs is given up after a while, with its command in the error', async () => {
    isAScript('exec sleep 600');
    process.env.DOCKER_HOST = 'tcp://192.0.2.1:2375';
    const { problem, isMissing } = askDocker(['info'], 200);
    const { code, stderr } = await runDocker(['compose', 'up'], { cwd: root, withinMs: 200 });
    delete process.env.DOCKER_HOST;
    expect(problem).toBe('no answer from Docker within 0.2 s (docker info, DOCKER_HOST=tcp://192.0.2.1:2375)');
    expect(isMissing).toBe(false);
    expect(code).not.toBe(0);
    expect(stderr).toContain('no answer from Docker within 0.2 s (docker compose up');
  });

  it('that hangs does not block a tool', async () => {
    isAScript('exec sleep 600');
    const give = {
      cwd: root,
      env: { ...process.env, LOCALSTACK_PORT: '0', API_PORT: '0', ORDERFLOW_LOCAL_DIR: folder },
    };
    const ended = (...args: string[]) =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, ['--no-warnings', ...args], { ...give, timeout: 60_000 });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
        child.on('close', () => {
          resolve(output);
        });
      });
    const [doctor, scenario] = await Promise.all([
      ended('tools/doctor.mjs'),
      ended('--import', 'tsx', 'scenarios/run.ts', 'crashed-worker'),
    ]);
    expect(doctor).toMatch(/Docker daemon +no answer within/);
    expect(scenario).toContain('no answer from Docker within 10 s');
  }, 70_000);

  it.each([
    ['echo 28.2.2', undefined],
    ['exit 1', 'no Docker engine answers; start Docker'],
    ['true', 'no Docker engine answers; start Docker'],
    ['[ "$1" = info ] && echo 28.2.2', 'Docker has no Compose v2 plugin; install it'],
  ])('that does %j: %s', (script, problem) => {
    isAScript(script);
    expect(dockerProblem()).toBe(problem);
  });

  it('may be missing', () => {
    process.env.PATH = folder;
    expect(dockerProblem()).toBe('Docker is not installed, or not in PATH');
  });
});
