import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToAttr } from '@aws-sdk/util-dynamodb';

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A value in the form that DynamoDB takes. What items are made of here goes a short way; everything else, as a set or a
 * number that is none, is util-dynamodb's to convert or to refuse.
 */
export function toAttributeValue(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttributeValue) };
  if (typeof value === 'object' && value !== null && isPlainObject(value)) {
    const map: Record<string, AttributeValue> = {};
    for (const name of Object.keys(value)) map[name] = toAttributeValue(value[name]);
    return { M: map };
  }
  return convertToAttr(value);
}
