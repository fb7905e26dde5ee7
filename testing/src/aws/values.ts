import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, unknown>;

/** Compares names, because Jest's realm has another `Object.prototype`. */
export function isPlainObject(value: unknown): value is Item {
  if (typeof value !== 'object' || value === null) return false;
  const { constructor } = value as { constructor?: { name: string } };
  return constructor === undefined || constructor.name === 'Object';
}

/** A deep copy of lists and maps. In Jest, structuredClone returns objects of another realm. */
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

/** Like @aws-sdk/util-dynamodb with default options, but without sets, big integers and binary values. */
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

/** Compares two numbers, or two strings by UTF-8 bytes as DynamoDB does. Undefined for other pairs. */
export function compareScalars(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return undefined;
}
