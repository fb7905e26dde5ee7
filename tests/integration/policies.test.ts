/** The policies in the template are enough: no call of the services or of the operator is refused, and no rule is unused. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../../tools/local/requirements.mjs';
import { startAwsEmulator } from '../support/aws-emulator/aws-emulator.js';
import type { Emulator } from '../support/emulator.js';
import { NOT_GRANTED } from '../support/policy-gate/doctor-flows.js';
import { OPERATOR_FLOWS } from '../support/policy-gate/operator-flows.js';
import { ALL_SERVICES, runFlow, SERVICE_FLOWS } from '../support/policy-gate/service-flows.js';
import { startGatedSystem, type GatedSystem } from '../support/policy-gate/gated-system.js';

const FLOW_WITHIN_MS = 90_000;

describe('the policies of the template', () => {
  let emulator: Emulator;
  let gated: GatedSystem;

  beforeAll(async () => {
    await build(fileURLToPath(new URL('../..', import.meta.url)));
    emulator = await startAwsEmulator();
    gated = await startGatedSystem(emulator, 'gated');
  }, 600_000);

  afterAll(async () => {
    await gated.dispose();
    await emulator.dispose();
  }, 60_000);

  it.each(Object.entries(SERVICE_FLOWS))(
    'suffice: %s',
    async (name, flow) => {
      await runFlow(name, flow, gated, FLOW_WITHIN_MS);
      expect(gated.gate.refusals().map(({ message }) => message)).toEqual([]);
    },
    120_000,
  );

  it.each(Object.entries(OPERATOR_FLOWS))(
    'suffice for an operator: %s',
    async (name, flow) => {
      await runFlow(name, flow, gated, FLOW_WITHIN_MS);
      const refusals = gated.gate.refusals().filter(({ needs }) => !NOT_GRANTED.includes(needs.action));
      expect(refusals.map(({ message }) => message)).toEqual([]);
    },
    120_000,
  );

  it('refuse an operator only what IAM grants on * alone', () => {
    const refused = new Set(gated.gate.refusals().map(({ principal, needs }) => `${principal} ${needs.action}`));
    expect([...refused].sort()).toEqual(NOT_GRANTED.map((action) => `operator ${action}`));
  });

  it('have no rule that nothing uses, and every call is known to the gate', () => {
    expect(gated.gate.unmapped()).toEqual([]);
    const unused = [...ALL_SERVICES, 'operator'].flatMap((principal) =>
      gated.gate.unused(principal).map((rule) => `${principal} ${rule}`),
    );
    expect(unused).toEqual([]);
  });
});
