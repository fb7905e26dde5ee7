import type { INestApplication } from '@nestjs/common';
import {
  ApiProperty,
  DocumentBuilder,
  SwaggerModule,
  type ApiPropertyOptions,
  type OpenAPIObject,
} from '@nestjs/swagger';
import type { ApiEnv } from '../config.js';
import { SCOPES } from '../identity/caller.js';
import { ACCESS_TOKEN } from '../identity/scopes.guard.js';
import { CHALLENGE, problemResponses } from './answers.js';
import { contractSchemas, MODELS, reachable, type Schema } from './schemas.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Swagger finds the bodies of routes by itself, but not the problems, nor the models that a schema refers to. */
const ROOTS = ['OrderPage', 'Timeline', 'NotificationList', 'SystemState', 'DeadLetterList', 'Problem'];

const operationsOf = ({ paths }: OpenAPIObject): Operation[] =>
  Object.values(paths).flatMap((path) => Object.values(path) as Operation[]);

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

/** Documents tokens: the security scheme, and what every route may answer about a token. */
function describeTokens(document: OpenAPIObject, { AUTH_MODE: mode }: Pick<ApiEnv, 'AUTH_MODE'>): void {
  for (const operation of operationsOf(document)) {
    const [requirement] = operation.security ?? [];
    if (mode === 'off') delete operation.security;
    if (mode === 'off' || !requirement) continue;
    const isOfOrders = requirement[ACCESS_TOKEN]?.some((scope) => scope.startsWith('orders:'));
    const statuses = [400, 401, 403, 503, ...(isOfOrders ? [404] : [])];
    const responses = { ...problemResponses(statuses), ...operation.responses };
    for (const status of [400, 401, 403]) {
      const response = responses[status] as { headers?: object };
      responses[status] = { ...response, headers: { ...response.headers, ...CHALLENGE } } as never;
    }
    operation.responses = responses;
  }
}

export function openApiDocument(app: INestApplication, settings: Pick<ApiEnv, 'AUTH_MODE'>): OpenAPIObject {
  const schemas = contractSchemas();
  describeModels(schemas);
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Orderflow')
    .setDescription('Orders and notifications over HTTP. Errors are problem details (RFC 9457).')
    .setVersion('1.0.0')
    .setLicense('MIT', 'https://opensource.org/license/mit');
  if (settings.AUTH_MODE === 'jwt') {
    const scopes = Object.entries(SCOPES).map(([scope, purpose]) => `- \`${scope}\`: ${purpose}`);
    const description = ['An access token (RFC 9068) of the OpenID provider. Scopes:', ...scopes].join('\n');
    builder.addSecurity(ACCESS_TOKEN, { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description });
  }
  const extraModels = Object.keys(reachable(schemas, ROOTS)).flatMap((name) => MODELS[name] ?? []);
  const document = SwaggerModule.createDocument(app, builder.build(), { extraModels });
  // The pipe rejects unknown properties.
  for (const name of ['CreateOrderRequest', 'OrderItem', 'CreateNotificationRequest']) {
    Object.assign(document.components?.schemas?.[name] ?? {}, { additionalProperties: false });
  }
  for (const operation of operationsOf(document)) {
    for (const parameter of operation.parameters ?? []) {
      // Every path parameter is an id.
      if ('in' in parameter && parameter.in === 'path') parameter.schema = { type: 'string', format: 'uuid' };
    }
  }
  describeTokens(document, settings);
  return document;
}
