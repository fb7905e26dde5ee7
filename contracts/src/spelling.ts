import { Transform } from 'class-transformer';
import { isUUID, IsUUID } from 'class-validator';

/** Digits alone: `Number` would take `0x10`, `1e1`, ` 5` and an empty text for numbers, too. */
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]*)$/;

/** Makes a number of the text of a query; whatever is not one in digits stays as it is, and is refused. */
export function FromDigits(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value,
  );
}

/** A UUID as ours are stored (RFC 9562, section 4: lower case out, any case in); undefined for anything else. */
export function toUuid(value: unknown): string | undefined {
  return isUUID(value) ? (value as string).toLowerCase() : undefined;
}

/** A UUID in upper or lower case; it becomes the one that is stored. */
export function IsId(): PropertyDecorator {
  const toStored = Transform(({ value }: { value: unknown }) => toUuid(value) ?? value);
  return (target, key) => {
    for (const decorate of [toStored, IsUUID()]) decorate(target, key);
  };
}
