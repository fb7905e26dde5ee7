import { sumInCents, toCents, type CreateOrderRequest, type OrderItem } from '@orderflow/contracts';

const isText = (value: unknown) => typeof value === 'string' && value !== '';

/** The request in a body; undefined if it is invalid. Hand-written checks, only as many as the benchmark needs. */
export function readRequest(body: string): CreateOrderRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { customerId, items, totalAmount } = value as Partial<CreateOrderRequest>;
  if (!isText(customerId) || !Array.isArray(items) || items.length === 0 || items.length > 100) return undefined;
  const lines = items as (Partial<OrderItem> | null)[];
  if (!lines.every((line) => isText(line?.productId) && isText(line?.productName))) return undefined;
  const total = sumInCents(items);
  return total !== undefined && total === toCents(totalAmount) ? (value as CreateOrderRequest) : undefined;
}
