import { FAILURE_CODE, MAX_FAILURE_CODE, MAX_FAILURE_MESSAGE, toText, type Failure } from '@orderflow/contracts';

/** Turns outside text into a failure code: `out-of-stock` and `outOfStock` become OUT_OF_STOCK. A valid code stays. */
function toFailureCode(value: unknown, fallback: string): string {
  const text = toText(value, MAX_FAILURE_CODE, fallback);
  if (FAILURE_CODE.test(text)) return text;
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+/, '');
  if (!/[A-Z0-9]/.test(words)) return fallback;
  return (/^\d/.test(words) ? `CODE_${words}` : words).slice(0, MAX_FAILURE_CODE).replace(/_+$/, '');
}

/** Makes a valid Failure from an adapter's answer, or from an item stored before adapters were checked. */
export function toFailure(value: unknown, fallback: { code: string; message: string }): Failure {
  const { code, message, retriable, cancelled } = Object(value) as Partial<Record<keyof Failure, unknown>>;
  return {
    code: toFailureCode(code, fallback.code),
    message: toText(message, MAX_FAILURE_MESSAGE, fallback.message),
    retriable: retriable === true,
    ...(cancelled === true ? { cancelled } : {}),
  };
}

/** The failure of a stored item. */
export function storedFailure(failure: unknown): Failure {
  return toFailure(failure, { code: 'UNKNOWN', message: 'No reason is stored.' });
}
