/**
 * No rule of the policies can be missing: without it, a flow fails visibly. What noticed is printed with
 * `npm test -- --selectProjects integration --testPathPatterns policies-minimal`.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../../tools/local/requirements.mjs';
import type { Service } from '../../tools/local/embedded.mjs';
import { startAwsEmulator } from '../support/aws-emulator/aws-emulator.js';
import type { Emulator } from '../support/emulator.js';
import { startGatedStage, startGatedSystem } from '../support/policy-gate/gated-system.js';
import { removeEachOf, removeEachOfOperator, type Notice } from '../support/policy-gate/minimality.js';

function expectNoticed(principal: string, notices: readonly Notice[]): void {
  const lines = notices.map(({ rule, by = 'NOT NOTICED' }) => `${rule}\n    ${by}`);
  process.stdout.write(`${principal}: ${notices.length} rules, each removed\n  ${lines.join('\n  ')}\n`);
  expect(notices.length).toBeGreaterThan(0);
  expect(notices.filter(({ by }) => by === undefined)).toEqual([]);
}

describe('a rule that is removed is noticed', () => {
  let emulator: Emulator;

  beforeAll(async () => {
    await build(fileURLToPath(new URL('../..', import.meta.url)));
    emulator = await startAwsEmulator();
  }, 600_000);

  afterAll(async () => {
    await emulator.dispose();
  }, 60_000);

  it.concurrent.each<[string, readonly Service[], boolean]>([
    ['no-api', ['api-gateway'], true],
    // Without sweeps, because the sweeper makes up for what a worker may not do.
    ['no-worker', ['order-worker', 'notification-worker'], false],
  ])(
    'in stage %s, of %s',
    async (stage, services, sweeps) => {
      const gated = await startGatedSystem(emulator, stage, { sweeps });
      try {
        for (const service of services) expectNoticed(service, await removeEachOf(gated, service));
      } finally {
        await gated.dispose();
      }
    },
    600_000,
  );

  it.concurrent(
    'of the operator',
    async () => {
      const gated = await startGatedStage(emulator, 'no-operator');
      try {
        expectNoticed('operator', await removeEachOfOperator(gated));
      } finally {
        await gated.dispose();
      }
    },
    600_000,
  );
});
