import * as contracts from '@orderflow/contracts';
import { IS_MONEY, IS_TEXT, MATCHES_ITEM_TOTAL, PRINTABLE } from '@orderflow/contracts';
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

/** How our own validators, and those whose stock translation is too loose, read in JSON Schema. */
const converters = {
  [IS_MONEY]: (metadata: ValidationMetadata) => ({
    type: 'number',
    minimum: 0,
    maximum: firstConstraint(metadata),
    multipleOf: 0.01,
  }),
  [IS_TEXT]: (metadata: ValidationMetadata) => ({
    type: 'string',
    minLength: 1,
    maxLength: firstConstraint(metadata),
    pattern: PRINTABLE.source,
  }),
  [MATCHES_ITEM_TOTAL]: { description: 'Equals the sum of quantity × unitPrice over all items.' },
  isIso8601: { type: 'string', format: 'date-time' },
  isUuid: { type: 'string', format: 'uuid' },
  // Without a type of their own, so that `integer` stays integer.
  min: (metadata: ValidationMetadata) => ({ minimum: firstConstraint(metadata) }),
  max: (metadata: ValidationMetadata) => ({ maximum: firstConstraint(metadata) }),
  isDefined: {},
  isObject: {},
};

type Model = new () => object;

/** The contract classes by name: whatever contracts exports that is a class. */
export const MODELS: Record<string, Model> = Object.fromEntries(
  Object.entries<unknown>(contracts).filter(
    (entry): entry is [string, Model] => typeof entry[1] === 'function' && /^class\b/.test(entry[1].toString()),
  ),
);

/** JSON Schemas of all contract classes, made from their class-validator decorators. */
export function contractSchemas(refPointerPrefix = '#/components/schemas/'): Record<string, Schema> {
  const all = validationMetadatasToSchemas({
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    refPointerPrefix,
    additionalConverters: converters as never,
  }) as Record<string, Schema>;
  return Object.fromEntries(Object.entries(all).filter(([name]) => name in MODELS));
}
