import { describe, expect, it } from '@jest/globals';
import { checkAudit } from '../../tools/check-audit.mjs';

const report = (counts: object, vulnerabilities: object = {}) =>
  JSON.stringify({
    vulnerabilities,
    metadata: { vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, ...counts } },
  });

describe('checkAudit', () => {
  it('passes without high or critical findings', () => {
    expect(checkAudit(report({ moderate: 2 }))).toEqual({
      passed: true,
      message: 'Known vulnerabilities: 0 info, 0 low, 2 moderate, 0 high, 0 critical',
    });
  });

  it.each([{ high: 1 }, { critical: 1 }])('fails on %j, naming the package', (counts) => {
    const [severity] = Object.keys(counts);
    const { passed, message } = checkAudit(report(counts, { 'left-pad': { severity }, other: { severity: 'low' } }));
    expect(passed).toBe(false);
    expect(message).toContain(`${severity}: left-pad`);
    expect(message).not.toContain('other');
  });

  it.each([
    ['{"message":"405 Method Not Allowed","statusCode":405}', '405 Method Not Allowed'],
    ['<html>', '<html>'],
    ['', 'npm gave no answer'],
  ])('says that nothing was checked when npm answers %j', (output, reason) => {
    const { passed, message } = checkAudit(output);
    expect(passed).toBe(true);
    expect(message).toMatch(/^NOT CHECKED/);
    expect(message).toContain(reason);
  });
});
