import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { compileOps } from '../support/orderctl.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TIMEOUT_MS = 60_000;
const OPS = 'tools/orderctl/dist/main.js';
const TOOLS = [
  ['tools/demo.mjs'],
  [OPS, 'status'],
  [OPS, 'audit'],
  [OPS, 'dlq', 'list'],
  [OPS, 'send', '--count', '1'],
  [OPS, 'tail', '--for', '1'],
  [OPS, 'order', '01a1fe4b-0fb2-72ef-a6da-816639a2493b'],
];
const DOCTOR = ['tools/doctor.mjs'];

/** A server on every port of the systems that is not part of Orderflow. */
let server: Server;
let port: number;
let asked: number;
let folder: string;

beforeAll(async () => {
  await compileOps();
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
}, 120_000);

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = 0;
  folder = mkdtempSync(join(tmpdir(), 'orderflow-find-'));
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Puts a fake `docker` into PATH that reports one system per project. */
function fakeDocker(...projects: string[]): void {
  const lines = projects.flatMap((project) =>
    ['api-gateway', 'localstack'].map((service) =>
      JSON.stringify({
        ...{ Names: `${project}-${service}-1`, State: 'running', Status: 'Up', Ports: `127.0.0.1:${port}->1/tcp` },
        Labels: `com.docker.compose.project=${project},com.docker.compose.service=${service},com.docker.compose.project.working_dir=${root}`,
      }),
    ),
  );
  const file = join(folder, 'bin/docker');
  writeFileSync(file, `#!/bin/sh\n[ "$1" = ps ] || exit 1\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
  chmodSync(file, 0o755);
}

/** A tool in a shell where no `npm run local` runs, with these lines in .env. */
function run(tool: readonly string[], envFile: Record<string, number>): Promise<{ code: number; output: string }> {
  const file = join(folder, 'env');
  writeFileSync(
    file,
    Object.entries(envFile)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH ?? ''}`;
  const env = { PATH, ORDERFLOW_LOCAL_DIR: join(folder, 'none'), COMPOSE_ENV_FILES: file };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', ...tool], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

it.each([...TOOLS, DOCTOR].map((tool) => [tool.join(' '), tool] as const))(
  '%s finds the Compose system on any port, also if only .env names it',
  async (_name, tool) => {
    fakeDocker('orderflow');
    await run(tool, { API_PORT: 0, LOCALSTACK_PORT: 0 });
    expect(asked).toBeGreaterThan(0);

    fakeDocker();
    asked = 0;
    await run(tool, { API_PORT: port, LOCALSTACK_PORT: port });
    expect(asked).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

it.each(TOOLS.map((tool) => [tool.join(' '), tool] as const))(
  '%s says which systems run, and how to choose one',
  async (_name, tool) => {
    fakeDocker('orderflow', 'beside');
    const { code, output } = await run(tool, {});
    expect({ code, asked }).toEqual({ code: tool[0] === OPS ? 2 : 1, asked: 0 });
    expect(output).toMatch(/2 systems run here:\n.*Compose project orderflow .*COMPOSE_PROJECT_NAME=orderflow\n/);
    expect(output).toMatch(
      new RegExp(`beside .*http://127.0.0.1:${port}.*COMPOSE_PROJECT_NAME=beside\n\nWhat to do: `),
    );
  },
  TIMEOUT_MS,
);

it.each(TOOLS.map((tool) => [tool.join(' '), tool] as const))(
  '%s says where it has looked if nothing runs',
  async (_name, tool) => {
    fakeDocker();
    const { code, output } = await run(tool, { API_PORT: 1, LOCALSTACK_PORT: 1 });
    expect(code).toBe(tool[0] === OPS ? 2 : 1);
    expect(output).toMatch(
      /npm run local does not run \(\S+run\.json\), Docker has no running .* project orderflow, nothing answers at http:\/\/127\.0\.0\.1:1 /,
    );
  },
  TIMEOUT_MS,
);

it(
  'the doctor checks one of several systems, and says which',
  async () => {
    fakeDocker('orderflow', 'beside');
    const { output } = await run(DOCTOR, {});
    expect(output).toMatch(/! Systems +Compose project orderflow .* and Compose project beside .*looking at the first/);
    expect(output).toContain('COMPOSE_PROJECT_NAME=beside npm run doctor');
  },
  TIMEOUT_MS,
);
