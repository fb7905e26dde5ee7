import { invalid } from './statement-failure.js';
import type { Item } from './values.js';

type Projection = {
  ProjectionExpression?: string | undefined;
  ExpressionAttributeNames?: Record<string, string> | undefined;
};

export const PROJECTION_PARAMETERS = ['ProjectionExpression', 'ExpressionAttributeNames'] as const;

/**
 * Projects an item. Supports top-level attributes only, each as a placeholder.
 * @throws StatementFailure for placeholders that are not given, not used, or name an attribute twice
 */
export function projectorOf({ ProjectionExpression: expression, ExpressionAttributeNames: names = {} }: Projection) {
  const placeholders = expression === undefined ? [] : expression.split(',').map((text) => text.trim());
  const uncovered = placeholders.find((text) => !/^#\w+$/.test(text));
  if (uncovered !== undefined) throw new Error(`The fake covers no ProjectionExpression with ${uncovered}`);
  const undefinedOne = placeholders.find((text) => names[text] === undefined);
  if (undefinedOne) throw invalid(`Invalid ProjectionExpression: ${undefinedOne} is used but not defined`);
  const unused = Object.keys(names).find((name) => !placeholders.includes(name));
  if (unused) throw invalid(`Value provided in ExpressionAttributeNames unused in expressions: ${unused}`);
  const wanted = new Set(placeholders.map((text) => names[text]));
  if (wanted.size < placeholders.length) throw invalid('Invalid ProjectionExpression: Two document paths overlap');
  return (item: Item): Item =>
    expression === undefined ? item : Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name)));
}
