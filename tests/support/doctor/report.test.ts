import { describe, expect, it } from '@jest/globals';
import { report, toText } from '../../../tools/doctor/check.mjs';

describe('the report', () => {
  const checks = [
    { check: 'npm', status: 'ok' as const, found: '11.1.0' },
    { check: 'Docker', status: 'fail' as const, found: 'two\n  lines', fix: 'install it' },
    { check: 'Python', status: 'warn' as const, found: 'none', fix: 'install that' },
    { check: 'System', status: 'skipped' as const, found: 'none' },
  ];

  it('has a line for each check, and one for all', () => {
    expect(toText(checks)).toBe(
      [
        '✓ npm     11.1.0',
        '✗ Docker  two lines  → install it',
        '! Python  none  → install that',
        '- System  none',
        '',
        '1 ok, 1 to look at, 1 failed, 1 skipped',
        '',
      ].join('\n'),
    );
  });

  it('is ok unless something failed', () => {
    expect(report(checks).ok).toBe(false);
    expect(report(checks.filter(({ status }) => status !== 'fail')).ok).toBe(true);
  });
});
