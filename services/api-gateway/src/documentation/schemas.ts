import * as contracts from '@orderflow/contracts';
import { IS_MONEY, IS_TEXT, IS_TEXT_OR_NULL, MATCHES_ITEM_TOTAL, TEXT, TEXT_DESCRIPTION } from '@orderflow/contracts';
// class-validator-jsonschema needs class-transformer's type metadata, which has no public export.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';

export type Schema = {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  [keyword: string]: unknown;
};

function firstConstraint(metadata: ValidationMetadata): unknown {
  return (metadata.constraints as unknown[] | undefined)?.[0];
}

const textOf = (metadata: ValidationMetadata) => ({
  type: 'string',
  minLength: 1,
  maxLength: firstConstraint(metadata),
  pattern: TEXT.source,
  description: TEXT_DESCRIPTION,
});

/** JSON Schema for our own validators, and for those whose standard conversion is too loose. */
const converters = {
  // No multipleOf 0.01: validators that use binary fractions would reject 19.99.
  [IS_MONEY]: (metadata: ValidationMetadata) => ({
    type: 'number',
    minimum: 0,
    maximum: firstConstraint(metadata),
    description: 'At most two decimals.',
  }),
  [IS_TEXT]: textOf,
  [IS_TEXT_OR_NULL]: (metadata: ValidationMetadata) => ({ anyOf: [textOf(metadata), { type: 'null' }] }),
  [MATCHES_ITEM_TOTAL]: { description: 'At most two decimals; equals the sum of quantity × unitPrice over all items.' },
  isIso8601: { type: 'string', format: 'date-time' },
  isUuid: { type: 'string', format: 'uuid' },
  // No type here, so that `integer` stays integer.
  min: (metadata: ValidationMetadata) => ({ minimum: firstConstraint(metadata) }),
  max: (metadata: ValidationMetadata) => ({ maximum: firstConstraint(metadata) }),
  isDefined: {},
  isObject: {},
};

type Model = new () => object;

/** All classes that contracts exports, by name. */
export const MODELS: Record<string, Model> = Object.fromEntries(
  Object.entries<unknown>(contracts).filter(
    (entry): entry is [string, Model] => typeof entry[1] === 'function' && /^class\b/.test(entry[1].toString()),
  ),
);

/** JSON Schemas of all decorated classes, including nested ones, by class name. */
export function contractSchemas(): Record<string, Schema> {
  return validationMetadatasToSchemas({
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    refPointerPrefix: '#/components/schemas/',
    additionalConverters: converters as never,
  }) as Record<string, Schema>;
}

/** Schemas that the roots refer to, directly or indirectly, and the roots. */
export function reachable(schemas: Record<string, Schema>, roots: readonly string[]): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const waiting = [...roots];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = schemas[name];
    if (!schema || name in found) continue;
    found[name] = schema;
    const references = JSON.stringify(schema).matchAll(/#\/components\/schemas\/(\w+)/g);
    waiting.push(...[...references].map(([, reference = '']) => reference));
  }
  return found;
}
