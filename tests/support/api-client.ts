import type {
  CreateNotificationRequest,
  CreateOrderRequest,
  Notification,
  NotificationList,
  Order,
} from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { createTokenSource, type TokenSource } from '../../tools/local/access-token.mjs';

/** A minimal client of the API for tests. If the API needs tokens, it is the operator of the laptop's provider. */
export function createApiClient(baseUrl: () => Promise<string>) {
  let tokens: { url: string; source: TokenSource } | undefined;

  async function call<T>(path: string, expected: number, init?: RequestInit): Promise<T> {
    const url = await baseUrl();
    if (tokens?.url !== url) tokens = { url, source: createTokenSource(url, {}) };
    const headers = { ...(init?.headers as Record<string, string> | undefined), ...(await tokens.source.headers()) };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    const text = await response.text();
    if (response.status !== expected) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
  const post = <T>(path: string, expected: number, body: object, headers: Record<string, string> = {}) =>
    call<T>(path, expected, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const order = (orderId: string) => call<Order>(`/api/orders/${orderId}`, 200);
  const notification = (id: string) => call<Notification>(`/api/notifications/${id}`, 200);

  return {
    order,
    notification,
    /** With an idempotency key, the request is repeated until it is answered. */
    createOrder: (request: CreateOrderRequest, idempotencyKey?: string) =>
      post<Order>('/api/orders', 201, request, idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    createNotification: (request: CreateNotificationRequest) => post<Notification>('/api/notifications', 202, request),
    notificationsOf: (orderId: string) => call<NotificationList>(`/api/orders/${orderId}/notifications`, 200),
    orderInState: (orderId: string, status: Order['status'], withinMs?: number) =>
      eventually(
        async () => {
          const seen = await order(orderId);
          return seen.status === status ? seen : undefined;
        },
        `order ${orderId} ${status}`,
        withinMs,
      ),
    notificationInState: (id: string, status: Notification['status'], withinMs?: number) =>
      eventually(
        async () => {
          const seen = await notification(id);
          return seen.status === status ? seen : undefined;
        },
        `notification ${id} ${status}`,
        withinMs,
      ),
  };
}

/** A valid order for one unit of a product, at 12.50. */
export function orderFor(productId: string, productName = 'A product'): CreateOrderRequest {
  return {
    customerId: 'customer-1',
    items: [{ productId, productName, quantity: 1, unitPrice: 12.5 }],
    totalAmount: 12.5,
  };
}
