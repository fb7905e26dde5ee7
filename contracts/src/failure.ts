import { IsBoolean, Matches } from 'class-validator';
import { Optional } from './optional.js';
import { IsText, toText } from './text.js';

const MAX_CODE = 64;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const MAX_MESSAGE = 1_000;

/** Why an order or a notification ended FAILED. */
export class Failure {
  /** Machine-readable, such as OUT_OF_STOCK. */
  @Matches(CODE)
  code!: string;

  @IsText(MAX_MESSAGE)
  message!: string;

  /** Whether an operator's replay may start it again. */
  @IsBoolean()
  retriable!: boolean;

  /** True: the warehouse confirmed that it ships nothing for this order. Only after attempts that were given up. */
  @Optional()
  @IsBoolean()
  cancelled?: boolean;
}

/** Text from outside as a failure's code: `out-of-stock` and `outOfStock` become OUT_OF_STOCK. A valid code stays. */
function toFailureCode(value: unknown, fallback: string): string {
  const text = toText(value, MAX_CODE, fallback);
  if (CODE.test(text)) return text;
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+/, '');
  if (!/[A-Z0-9]/.test(words)) return fallback;
  return (/^\d/.test(words) ? `CODE_${words}` : words).slice(0, MAX_CODE).replace(/_+$/, '');
}

/** Makes a valid Failure of an adapter's answer, or of an item that was stored before adapters were checked. */
export function toFailure(value: unknown, fallback: { code: string; message: string }): Failure {
  const { code, message, retriable, cancelled } = Object(value) as Partial<Record<keyof Failure, unknown>>;
  return {
    code: toFailureCode(code, fallback.code),
    message: toText(message, MAX_MESSAGE, fallback.message),
    retriable: retriable === true,
    ...(cancelled === true ? { cancelled } : {}),
  };
}

/** The failure of a stored item. */
export function storedFailure(failure: unknown): Failure {
  return toFailure(failure, { code: 'UNKNOWN', message: 'No reason is stored.' });
}
