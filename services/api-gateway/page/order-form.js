/** @import { CreateOrderRequest, Order, Problem } from '@orderflow/contracts' */
import { byId, element, setText } from './dom.js';
import { money, shortId } from './format.js';
import { PRODUCTS, UNIT_PRICE } from './products.js';

/** @param {Problem} problem */
function sentenceOf({ detail, errors = [] }) {
  return [detail, ...errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))].join(' ');
}

/** crypto.randomUUID is missing on pages that come over plain HTTP from another machine. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {CreateOrderRequest} request
 * @param {string} key
 * @returns {Promise<{ order: Order } | { refused: string, mayBeStored: boolean }>}
 */
async function placeOrder(request, key) {
  try {
    const response = await fetch('api/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(request),
    });
    const body = /** @type {unknown} */ (await response.json());
    if (response.ok) return { order: /** @type {Order} */ (body) };
    return { refused: sentenceOf(/** @type {Problem} */ (body)), mayBeStored: response.status >= 500 };
  } catch {
    return { refused: 'The API cannot be reached. You can press again without ordering twice.', mayBeStored: true };
  }
}

/**
 * @param {(order: Order) => void} onPlaced
 * @param {(orderId: string) => void} onChoose
 */
export function createOrderForm(onPlaced, onChoose) {
  const form = byId('order-form', HTMLFormElement);
  const product = byId('product', HTMLSelectElement);
  const quantity = byId('quantity', HTMLInputElement);
  const customer = byId('customer', HTMLInputElement);
  const result = byId('order-result', HTMLParagraphElement);
  const showPlaced = byId('show-placed', HTMLButtonElement);
  /** An order whose answer was lost is sent again with the same key. @type {{ body: string, key: string } | undefined} */
  let unanswered;
  let placed = '';
  let isBusy = false;

  product.append(...PRODUCTS.map(({ productId, productName }) => element('option', { value: productId }, productName)));
  const chosen = () => PRODUCTS[product.selectedIndex] ?? PRODUCTS[0];
  const total = () => Math.round(UNIT_PRICE * 100 * quantity.valueAsNumber) / 100;

  function describe() {
    setText(byId('product-note', HTMLElement), chosen()?.note ?? '');
    setText(byId('total', HTMLElement), Number.isNaN(total()) ? '' : `Total ${money(total())}`);
  }

  /** @returns {CreateOrderRequest} */
  function requestOf() {
    const { productId = '', productName = '' } = chosen() ?? {};
    const item = { productId, productName, quantity: quantity.valueAsNumber, unitPrice: UNIT_PRICE };
    return { customerId: customer.value, items: [item], totalAmount: total() };
  }

  async function submit() {
    const request = requestOf();
    const body = JSON.stringify(request);
    const key = unanswered?.body === body ? unanswered.key : newKey();
    const answer = await placeOrder(request, key);
    unanswered = 'refused' in answer && answer.mayBeStored ? { body, key } : undefined;
    if ('order' in answer) {
      placed = answer.order.orderId;
      onPlaced(answer.order);
      setText(result, `Order ${shortId(placed)} is accepted.`);
    } else {
      setText(result, answer.refused);
    }
    result.dataset.kind = 'order' in answer ? 'accepted' : 'refused';
    showPlaced.hidden = !('order' in answer);
  }

  form.addEventListener('input', describe);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    void submit().finally(() => (isBusy = false));
  });
  showPlaced.addEventListener('click', () => {
    onChoose(placed);
  });
  describe();
}
