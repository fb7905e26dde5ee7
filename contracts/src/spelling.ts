import { Transform } from 'class-transformer';
import { IsInt, isUUID, IsUUID, Max, Min } from 'class-validator';
import { applyAll } from './properties.js';

/** Digits only: `Number` would also accept `0x10`, `1e1`, ` 5` and an empty string. */
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]*)$/;

/** Converts digits in a query to a number. Anything else stays unchanged, so validation rejects it. */
function FromDigits(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value,
  );
}

/** The page size in a query. */
export function IsLimit(max: number): PropertyDecorator {
  const isInt = IsInt({ message: 'limit must be a whole number in digits, such as 20' });
  return applyAll(FromDigits(), isInt, Min(1), Max(max));
}

/** The lower-case form of a UUID, which is stored (RFC 9562, section 4); undefined for anything else. */
export function toUuid(value: unknown): string | undefined {
  return isUUID(value) ? (value as string).toLowerCase() : undefined;
}

/** A UUID in any case, converted to lower case. */
export function IsId(): PropertyDecorator {
  const toStored = Transform(({ value }: { value: unknown }) => toUuid(value) ?? value);
  return applyAll(IsUUID(), toStored);
}
