export { convertToAttr as toAttributeValue } from '@aws-sdk/util-dynamodb';
