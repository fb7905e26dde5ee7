import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { alertQueries, testedAlerts } from '../support/observability.js';

const compose = new URL('../../compose.yaml', import.meta.url);
const folder = fileURLToPath(new URL('../../observability/prometheus', import.meta.url));

/** Runs promtool from the image that Compose uses. @throws with promtool's output if it finds a problem */
async function promtool(...args: string[]): Promise<string> {
  const [image = ''] = /prom\/prometheus:\S+/.exec(await readFile(compose, 'utf8')) ?? [];
  const mount = ['--volume', `${folder}:/rules:ro`, '--workdir', '/rules'];
  const { stdout } = await promisify(execFile)('docker', [
    ...['run', '--rm', '--network', 'none', ...mount],
    ...['--entrypoint', 'promtool', image, ...args],
  ]);
  return stdout;
}

describe('the configuration of Prometheus', () => {
  it('is valid, with its rules', async () => {
    expect(await promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
    expect(await promtool('check', 'rules', '--lint-fatal', 'alerts.yml')).toContain('SUCCESS');
  }, 300_000);

  it('has alerts that fire when they should, and only then', async () => {
    expect(await promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  }, 60_000);

  it('has for each alert a case in which it fires and one in which it is silent', () => {
    const tested = testedAlerts();
    const alerts = alertQueries().map(({ where }) => where);
    expect(alerts.length).toBeGreaterThan(4);
    expect(Object.keys(tested).sort()).toEqual([...alerts].sort());
    expect(alerts.filter((alert) => !tested[alert]?.fires || !tested[alert].quiet)).toEqual([]);
  });
});
