import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalLauncher, READY_WITHIN_MS } from '../support/local-launcher.js';
import { compileOps } from '../support/orderctl.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run local -- --auth', () => {
  const launcher = new LocalLauncher();

  beforeAll(async () => {
    await compileOps();
    // Settings for another provider do not matter.
    Object.assign(launcher.env, { OIDC_ISSUER: 'https://login.example.org', OIDC_REQUIRE_AT_JWT: 'false' });
    launcher.start('exec "$0" tools/local.mjs --auth');
    await launcher.ready();
  }, READY_WITHIN_MS);

  afterAll(() => {
    launcher.dispose();
  });

  function tool(name: string): Promise<{ code: number; output: string }> {
    const env = { ...launcher.env, COMPOSE_PROJECT_NAME: 'no-such-project', OIDC_ISSUER: '' };
    return new Promise((resolve) => {
      execFile(process.execPath, [`tools/${name}.mjs`], { cwd: root, env }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
      });
    });
  }

  it('says who can sign in, and where', () => {
    const issuer = launcher.read()?.urls['OpenID provider'] ?? '';
    expect(issuer).toMatch(/^http:\/\/localhost:\d+$/);
    expect(launcher.output).toContain(issuer);
    expect(launcher.output).toContain('alice (customer), bob (customer), olga (operator); there are no passwords');
  });

  it('is found by the demo, with a token', async () => {
    const { code, output } = await tool('demo');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('order COMPLETED') });
  }, 60_000);

  it('is checked by the doctor', async () => {
    const { output } = await tool('doctor');
    expect(output).toMatch(/✓ Access tokens +the API accepts those of http:\/\/localhost:\d+/);
    expect(output).toMatch(/✓ Port of identity-provider +\d+, held by this system/);
  }, 60_000);

  it('ends when the provider ends', async () => {
    const provider = launcher.read()?.children.find(({ name }) => name === 'identity-provider');
    process.kill(provider?.pid ?? 0, 'SIGKILL');
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).toContain('identity-provider ended on its own');
    expect(launcher.left()).toEqual([]);
  }, 60_000);
});
