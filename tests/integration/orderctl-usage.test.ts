import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compileOps, endOps, ops } from '../support/orderctl.js';

beforeAll(compileOps, 120_000);

afterEach(endOps);

describe('npm run ops', () => {
  it('has one help text, and exits with 2 on wrong usage', async () => {
    const { exitCode, stdout } = await ops('--help');
    expect(exitCode).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}(\w+) (?:\[|<| {2})/gm)].map(([, name]) => name);
    expect(commands).toEqual([
      'status',
      'order',
      'notification',
      'tail',
      'send',
      'audit',
      'erase',
      'dlq',
      'doctor',
      'help',
    ]);
    expect(stdout).toContain('Exit codes: 0 fine;');
    for (const args of [
      ['tales'],
      ['tail', '--count', '0'],
      ['send', '--rate', '0'],
      ['send', '--count', '0', '--wait'],
    ]) {
      expect({ args, exitCode: (await ops(...args)).exitCode }).toEqual({ args, exitCode: 2 });
    }
  }, 60_000);

  it('passes arguments to the doctor, and returns its exit code', async () => {
    const help = await ops('doctor', '--help');
    expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('npm run doctor -- [--json]') });
    expect(await ops('doctor', '--fix')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'--fix'") });
    const { exitCode, stdout } = await ops('doctor', '--json', '--endpoint', 'http://127.0.0.1:9');
    expect(exitCode).toBe((JSON.parse(stdout) as { ok: boolean }).ok ? 0 : 1);
  }, 60_000);
});
