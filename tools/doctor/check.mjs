/** The result of a check, and how it is printed. */

/**
 * @typedef {'ok' | 'warn' | 'fail' | 'skipped'} Status
 * @typedef {{ check: string, status: Status, found: string, fix?: string }} Check `fix` is the exact command or edit
 */

const MARKS = { ok: '✓', warn: '!', fail: '✗', skipped: '-' };

/** @param {string} check @param {string} found @returns {Check} */
export const ok = (check, found) => ({ check, status: 'ok', found });

/** @param {string} check @param {string} found @param {string} fix @returns {Check} */
export const warn = (check, found, fix) => ({ check, status: 'warn', found, fix });

/** @param {string} check @param {string} found @param {string} fix @returns {Check} */
export const fail = (check, found, fix) => ({ check, status: 'fail', found, fix });

/** @param {string} check @param {string} found @param {string} [fix] @returns {Check} */
export const skipped = (check, found, fix) => ({ check, status: 'skipped', found, ...(fix ? { fix } : {}) });

/** @param {Check[]} checks */
export function report(checks) {
  return { ok: checks.every(({ status }) => status !== 'fail'), checks };
}

/** One line per check, and a summary. @param {Check[]} checks */
export function toText(checks) {
  const width = Math.max(...checks.map(({ check }) => check.length));
  const lines = checks.map(
    ({ check, status, found, fix }) =>
      `${MARKS[status]} ${check.padEnd(width)}  ${found.replace(/\s*\n\s*/g, ' ')}${fix ? `  → ${fix}` : ''}\n`,
  );
  const count = (/** @type {Status} */ wanted) => checks.filter(({ status }) => status === wanted).length;
  return `${lines.join('')}\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed, ${count('skipped')} skipped\n`;
}
