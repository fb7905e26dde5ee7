import { expect, it } from '@jest/globals';
import { failingPart } from './hostile-report.js';

const progress = Array.from({ length: 100 }, (_, i) => `passed ${i}`).join('\n');
const unreached = 'No valid request succeeded: POST /api/orders/{orderId}/replay';
const logged = '{"level":"error","message":"request failed"}';

it('starts at the failures of schemathesis, and keeps earlier lines of the tool and the log', () => {
  const failures =
    '=================================== FAILURES ===================================\n__ GET /api/orders __';
  const output = [progress, unreached, logged, failures, '1000 cases, NOT PASSED (--seed 1)'].join('\n');
  expect(failingPart(output)).toBe([unreached, logged, failures, '1000 cases, NOT PASSED (--seed 1)'].join('\n'));
});

it('starts at the errors if there are any', () => {
  expect(failingPart(`${progress}\n==== ERRORS ====\nHealth check\n==== FAILURES ====\nx`)).toBe(
    '==== ERRORS ====\nHealth check\n==== FAILURES ====\nx',
  );
});

it('shows the end of any other output, with earlier lines of the tool', () => {
  const part = failingPart(`${unreached}\n${progress}\nThe emulator cannot be installed.`);
  expect(part).toMatch(/^No valid request succeeded/);
  expect(part).toMatch(/The emulator cannot be installed\.$/);
  expect(part).not.toContain('passed 10\n');
});
