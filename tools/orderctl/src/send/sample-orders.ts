import { sumInCents, type CreateOrderRequest, type OrderItem } from '@orderflow/contracts';

type Product = Omit<OrderItem, 'quantity'>;

const CATALOGUE: readonly Product[] = [
  { productId: 'coffee-beans', productName: 'Coffee beans, 1 kg', unitPrice: 18.5 },
  { productId: 'filter-papers', productName: 'Filter papers, 100', unitPrice: 3.2 },
  { productId: 'kettle', productName: 'Gooseneck kettle', unitPrice: 64.9 },
  { productId: 'grinder', productName: 'Hand grinder', unitPrice: 119 },
  { productId: 'scale', productName: 'Kitchen scale', unitPrice: 24.95 },
];
const LARGEST_QUANTITY = 3;
const UNKNOWN_PRICE = 10;

function productOf(productId: string): Product {
  const known = CATALOGUE.find((product) => product.productId === productId);
  return known ?? { productId, productName: productId, unitPrice: UNKNOWN_PRICE };
}

/** The `index`-th order of a run: of the named products in turn, or of a standard mix. */
export function sampleOrder(index: number, customerId: string, productIds: readonly string[]): CreateOrderRequest {
  const products = productIds.length > 0 ? productIds.map(productOf) : CATALOGUE;
  const lines = productIds.length > 0 ? 1 : 1 + (index % 2);
  const items = Array.from({ length: lines }, (_, line): OrderItem => {
    const { productId, productName, unitPrice } = products[(index + line) % products.length] ?? productOf('sample');
    return { productId, productName, unitPrice, quantity: 1 + ((index + line) % LARGEST_QUANTITY) };
  });
  return { customerId, items, totalAmount: (sumInCents(items) ?? 0) / 100 };
}
