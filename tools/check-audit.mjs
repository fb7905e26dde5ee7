/** Fails when a package that a service runs with has a known vulnerability of high or critical severity. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Evaluates the output of `npm audit --json`. @param {string} output */
export function checkAudit(output) {
  /** @type {{ metadata?: { vulnerabilities?: Record<string, number> }, message?: string, vulnerabilities?: Record<string, { severity: string }> }} */
  let report = {};
  try {
    report = JSON.parse(output);
  } catch {
    // No report at all.
  }
  const counts = report.metadata?.vulnerabilities;
  if (!counts) {
    const reason = report.message ?? (output.trim().slice(0, 200) || 'npm gave no answer');
    // Without the registry there is no result.
    return { passed: true, message: `NOT CHECKED, because the registry's audit endpoint does not answer: ${reason}` };
  }
  const found = (counts.high ?? 0) + (counts.critical ?? 0);
  const summary = Object.entries(counts)
    .map(([severity, count]) => `${count} ${severity}`)
    .join(', ');
  const names = Object.entries(report.vulnerabilities ?? {})
    .filter(([, { severity }]) => severity === 'high' || severity === 'critical')
    .map(([name, { severity }]) => `\n  ${severity}: ${name}`);
  return { passed: found === 0, message: `Known vulnerabilities: ${summary}${names.join('')}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    timeout: 60_000,
  });
  const { passed, message } = checkAudit(stdout ?? '');
  console.log(message);
  process.exitCode = passed ? 0 : 1;
}
