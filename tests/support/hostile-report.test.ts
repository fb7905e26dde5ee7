import { expect, it } from '@jest/globals';
import { failingPart } from './hostile-report.js';

const progress = Array.from({ length: 100 }, (_, i) => `passed ${i}`).join('\n');
const unreached = 'No valid request succeeded: POST /api/orders/{orderId}/replay';
const logged = '{"level":"error","message":"request failed"}';

it('is what schemathesis says from its failures on, and what the tool and the log say before', () => {
  const failures =
    '=================================== FAILURES ===================================\n__ GET /api/orders __';
  const output = [progress, unreached, logged, failures, '1000 cases, NOT PASSED (--seed 1)'].join('\n');
  expect(failingPart(output)).toBe([unreached, logged, failures, '1000 cases, NOT PASSED (--seed 1)'].join('\n'));
});

it('begins with the errors where there are any', () => {
  expect(failingPart(`${progress}\n==== ERRORS ====\nHealth check\n==== FAILURES ====\nx`)).toBe(
    '==== ERRORS ====\nHealth check\n==== FAILURES ====\nx',
  );
});

it('is the end of anything else, with what the tool has said before', () => {
  const part = failingPart(`${unreached}\n${progress}\nThe emulator cannot be installed.`);
  expect(part).toMatch(/^No valid request succeeded/);
  expect(part).toMatch(/The emulator cannot be installed\.$/);
  expect(part).not.toContain('passed 10\n');
});
