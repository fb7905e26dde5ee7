import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** @param {import('@aws-sdk/client-dynamodb').DynamoDBClient} client */
export const createDocumentClient = (client) => DynamoDBDocumentClient.from(client);
