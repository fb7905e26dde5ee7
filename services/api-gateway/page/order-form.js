/** @import { CreateOrderRequest, Order } from '@orderflow/contracts' */
import { ask, problemIn, RefusedError } from './api.js';
import { byId, element, setText } from './dom.js';
import { money, shortId } from './format.js';
import { PRODUCTS, UNIT_PRICE } from './products.js';

const UNREACHABLE = 'The API cannot be reached. You can press again without ordering twice.';

/** crypto.randomUUID is missing on pages that come over plain HTTP from another machine. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * What was typed, and the key of an order that may have been placed.
 * @typedef {object} Draft
 * @property {number} product its place in the list
 * @property {string} quantity
 * @property {string} customer
 * @property {{ body: string, key: string } | undefined} unanswered
 */

/**
 * @param {object} options
 * @param {string | undefined} options.customerId orders are for this customer only; undefined: the form asks
 * @param {(order: Order) => void} options.onPlaced
 */
export function createOrderForm({ customerId, onPlaced }) {
  const form = byId('order-form', HTMLFormElement);
  const product = byId('product', HTMLSelectElement);
  const quantity = byId('quantity', HTMLInputElement);
  const customer = byId('customer', HTMLInputElement);
  const result = byId('order-result', HTMLParagraphElement);
  const showPlaced = byId('show-placed', HTMLButtonElement);
  /** An order whose answer was lost is sent again with the same key. @type {Draft['unanswered']} */
  let unanswered;
  let isBusy = false;

  product.append(...PRODUCTS.map(({ productId, productName }) => element('option', { value: productId }, productName)));
  const chosen = () => PRODUCTS[product.selectedIndex] ?? PRODUCTS[0];
  const total = () => Math.round(UNIT_PRICE * 100 * quantity.valueAsNumber) / 100;

  function describe() {
    setText(byId('product-note', HTMLElement), chosen()?.note ?? '');
    setText(byId('total', HTMLElement), Number.isNaN(total()) ? '' : `Total ${money(total())}`);
  }

  async function submit() {
    const { productId = '', productName = '' } = chosen() ?? {};
    const item = { productId, productName, quantity: quantity.valueAsNumber, unitPrice: UNIT_PRICE };
    /** @type {CreateOrderRequest} */
    const request = { customerId: customer.value, items: [item], totalAmount: total() };
    const body = JSON.stringify(request);
    const key = unanswered?.body === body ? unanswered.key : newKey();
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    /** @type {Order | undefined} */
    let order;
    unanswered = { body, key };
    try {
      order = /** @type {Order} */ (await ask('api/orders', { method: 'POST', headers, body }));
      unanswered = undefined;
      setText(result, `Order ${shortId(order.orderId)} is accepted.`);
    } catch (error) {
      if (error instanceof RefusedError && !error.mayBeDone) unanswered = undefined;
      setText(result, problemIn(error, UNREACHABLE));
    }
    result.dataset.kind = order ? 'accepted' : 'refused';
    showPlaced.hidden = !order;
    if (!order) return;
    showPlaced.dataset.order = order.orderId;
    onPlaced(order);
  }

  if (customerId !== undefined) {
    customer.value = customerId;
    customer.readOnly = true;
    byId('customer-note', HTMLElement).hidden = false;
  }
  form.addEventListener('input', describe);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    void submit().finally(() => (isBusy = false));
  });
  describe();

  return {
    /** @returns {Draft} */
    draft: () => ({
      ...{ product: product.selectedIndex, quantity: quantity.value, customer: customer.value },
      unanswered,
    }),
    /** @param {Draft} draft */
    restore(draft) {
      product.selectedIndex = draft.product;
      quantity.value = draft.quantity;
      if (customerId === undefined) customer.value = draft.customer;
      ({ unanswered } = draft);
      describe();
      setText(result, 'Your order is still here. Place it when you are ready.');
    },
  };
}
