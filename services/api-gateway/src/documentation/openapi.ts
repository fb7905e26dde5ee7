import type { INestApplication } from '@nestjs/common';
import {
  ApiProperty,
  DocumentBuilder,
  SwaggerModule,
  type ApiPropertyOptions,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { contractSchemas, MODELS, reachable, type Schema } from './schemas.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Swagger finds the bodies of routes by itself, but not the problems, nor the models that a schema refers to. */
const ROOTS = ['OrderPage', 'Timeline', 'NotificationList', 'SystemState', 'DeadLetterList', 'Problem'];

/** Passes the schemas to @nestjs/swagger property by property: the only way that covers both bodies and queries. */
function describeModels(schemas: Record<string, Schema>): void {
  for (const [name, { properties = {}, required = [] }] of Object.entries(schemas)) {
    const model = MODELS[name];
    if (!model) continue;
    for (const [key, property] of Object.entries(properties)) {
      // Swagger would add an allOf beside the $ref.
      const { $ref, ...plain } = property;
      const described = $ref === undefined ? plain : { allOf: [{ $ref }] };
      const options = { ...described, required: required.includes(key) } as ApiPropertyOptions;
      ApiProperty(options)(model.prototype as object, key);
    }
  }
}

export function openApiDocument(app: INestApplication): OpenAPIObject {
  const schemas = contractSchemas();
  describeModels(schemas);
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Orderflow')
    .setDescription('Orders and notifications over HTTP. Errors are problem details (RFC 9457).')
    .setVersion('1.0.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .build();
  const extraModels = Object.keys(reachable(schemas, ROOTS)).flatMap((name) => MODELS[name] ?? []);
  const document = SwaggerModule.createDocument(app, config, { extraModels });
  // The pipe rejects unknown properties.
  for (const name of ['CreateOrderRequest', 'OrderItem', 'CreateNotificationRequest']) {
    Object.assign(document.components?.schemas?.[name] ?? {}, { additionalProperties: false });
  }
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path) as Operation[])) {
    for (const parameter of operation.parameters ?? []) {
      // Every path parameter is an id.
      if ('in' in parameter && parameter.in === 'path') parameter.schema = { type: 'string', format: 'uuid' };
    }
  }
  return document;
}
