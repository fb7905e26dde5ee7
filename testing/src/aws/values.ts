import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, unknown>;

/** By name: tests run in a realm of their own, where `Object.prototype` is another object. */
export function isPlainObject(value: unknown): value is Item {
  if (typeof value !== 'object' || value === null) return false;
  const { constructor } = value as { constructor?: { name: string } };
  return constructor === undefined || constructor.name === 'Object';
}

/** A deep copy of lists and maps. Own code: structuredClone answers with objects of another realm inside Jest. */
export function copy<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(copy) as Value;
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)])) as Value;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`Special numeric value ${value} is not allowed`);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new Error(
      `Number ${value} is greater than Number.MAX_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`,
    );
  }
  return String(value);
}

/**
 * As @aws-sdk/util-dynamodb with its default options, which the document client applies to what it is given; sets, big
 * integers and binary values are valid there and not covered here.
 */
export function marshal(value: unknown): AttributeValue {
  if (value === undefined) {
    throw new Error('Pass options.removeUndefinedValues=true to remove undefined values from map/array/set.');
  }
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: numberText(value) };
  if (Array.isArray(value)) return { L: value.map(marshal) };
  if (isPlainObject(value)) return { M: marshalItem(value) };
  throw new Error(
    `Unsupported type passed: ${JSON.stringify(value)}. Pass options.convertClassInstanceToMap=true to marshall typeof object as map attribute.`,
  );
}

export function marshalItem(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, marshal(value)]));
}

/** Order of two numbers or two strings (by UTF-8 bytes, as DynamoDB sorts); undefined for any other pair. */
export function compareScalars(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return undefined;
}
