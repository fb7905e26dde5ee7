/** Placeholder for a value that the API has not sent yet. */
export const NOT_KNOWN = 'Not known yet.';

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s` : age(ms);
}

/** Coarse on purpose, to change at most once a second. @param {number} ms */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

const MONEY = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @param {number} amount */
export const money = (amount) => MONEY.format(amount);

/** @param {number} count */
export const whole = (count) => count.toLocaleString('en');

/** The end of an id. Its beginning is a time, which is similar for orders made together. @param {string} id */
export const shortId = (id) => `…${id.slice(-8)}`;

const CLOCK = /** @type {const} */ ({
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** Local time to the millisecond. @param {string} iso */
export const clock = (iso) => new Date(iso).toLocaleTimeString('en-GB', CLOCK);

/** @type {(count: number, one: string) => string} */
export const counted = (count, one) => `${whole(count)} ${one}${count === 1 ? '' : 's'}`;

/** Facts in one line, without those that are unknown. @param {(string | false | undefined)[]} facts */
export const joined = (facts) => facts.filter(Boolean).join(' · ');
