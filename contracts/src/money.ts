import { ValidateBy } from 'class-validator';

/** The price of one unit, in the currency's main unit. */
export const MAX_UNIT_PRICE = 1_000_000;

/**
 * Converts an amount with at most two decimals to cents; undefined for anything else, including 1e-7, 0.001, NaN and
 * amounts whose cents exceed 2^53.
 *
 * `cents / 100` is rounded to the nearest double, and so is the literal "12.34": they are equal only if the literal has
 * at most two decimals.
 */
export function toCents(amount: unknown): number | undefined {
  if (typeof amount !== 'number') return undefined;
  const cents = Math.round(amount * 100);
  return Number.isSafeInteger(cents) && cents / 100 === amount ? cents : undefined;
}

type PricedLine = { quantity: number; unitPrice: number };

/** Σ quantity × unitPrice in cents; undefined when a line is invalid. */
export function sumInCents(lines: readonly PricedLine[]): number | undefined {
  let total = 0;
  for (const { quantity, unitPrice } of lines) {
    const cents = toCents(unitPrice);
    if (cents === undefined || cents < 0 || !Number.isSafeInteger(quantity) || quantity < 1) return undefined;
    total += quantity * cents;
  }
  return Number.isSafeInteger(total) ? total : undefined;
}

export const IS_MONEY = 'isMoney';
export const MATCHES_ITEM_TOTAL = 'matchesItemTotal';

/** An amount from 0 to `max` with at most two decimals. */
export function IsMoney(max: number): PropertyDecorator {
  return ValidateBy({
    name: IS_MONEY,
    constraints: [max],
    validator: {
      validate: (value) => {
        const cents = toCents(value);
        return cents !== undefined && cents >= 0 && cents <= max * 100;
      },
      defaultMessage: (args) =>
        `${args?.property ?? 'amount'} must be a number from 0 to ${max} with at most two decimals`,
    },
  });
}

function isPricedLine(line: unknown): line is PricedLine {
  const { quantity, unitPrice } = (line ?? {}) as Partial<PricedLine>;
  return typeof quantity === 'number' && typeof unitPrice === 'number';
}

/**
 * The amount equals the sum of the object's `items`. Passes when the items are invalid, because they have their own
 * errors.
 */
export function MatchesItemTotal(): PropertyDecorator {
  return ValidateBy({
    name: MATCHES_ITEM_TOTAL,
    validator: {
      validate: (value, args) => {
        const items: unknown = (args?.object as { items?: unknown } | undefined)?.items;
        if (!Array.isArray(items) || !items.every(isPricedLine)) return true;
        const expected = sumInCents(items);
        const actual = toCents(value);
        return expected === undefined || actual === undefined || actual === expected;
      },
      defaultMessage: () => 'totalAmount must equal the sum of quantity × unitPrice over all items',
    },
  });
}
