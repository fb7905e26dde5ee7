/** @import { LiveOrder } from '@orderflow/contracts' */
/** @import { LiveState } from './live-state.js' */
import { byId, createRows, element, setAttribute, setText } from './dom.js';
import { age, counted, duration, money, NOT_KNOWN, shortId } from './format.js';
import { createPill } from './stages.js';

/** @param {LiveOrder} order */
const isOver = ({ stage }) => stage === 'completed' || stage === 'failed';

/** @param {LiveOrder} order */
const tookMs = ({ createdAt, updatedAt }) => Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt));

/** @param {(orderId: string) => void} onChoose */
function createRow(onChoose) {
  const pill = createPill();
  const mark = element('span', { class: 'mark', hidden: '' }, 'dead letter');
  const button = element('button', { type: 'button', class: 'link mono' });
  const cells = {
    stage: element('td', {}, pill.node, ' ', mark),
    order: element('td', {}, button),
    customer: element('td', { class: 'wide clip' }),
    amount: element('td', { class: 'wide number' }),
    attempts: element('td', { class: 'wide number' }),
    took: element('td', { class: 'number' }),
    age: element('td', { class: 'number' }),
  };
  let orderId = '';
  button.addEventListener('click', () => {
    onChoose(orderId);
  });
  return {
    node: element('tr', {}, ...Object.values(cells)),
    /** @param {{ order: LiveOrder, now: number }} row */
    show({ order, now }) {
      ({ orderId } = order);
      pill.show(order.stage);
      mark.hidden = !order.deadLettered;
      setText(button, shortId(orderId));
      setAttribute(button, 'title', orderId);
      setText(cells.customer, order.customerId);
      setText(cells.amount, money(order.totalAmount));
      setText(cells.attempts, String(order.attempts));
      setText(cells.took, isOver(order) ? duration(tookMs(order)) : '–');
      setText(cells.age, age(now - Date.parse(order.createdAt)));
    },
  };
}

/**
 * The newest orders. While the pointer or the focus is in the list, its rows keep their places and stay current, and
 * new orders wait.
 * @param {(orderId: string) => void} onChoose
 * @returns {(state: Pick<LiveState, 'isKnown' | 'orders'>, now: number) => void}
 */
export function createOrderList(onChoose) {
  const scroller = byId('orders', HTMLDivElement);
  const note = byId('orders-note', HTMLParagraphElement);
  const body = scroller.querySelector('tbody') ?? scroller;
  const canHover = matchMedia('(hover: hover)');
  const showRows = createRows(body, () => createRow(onChoose));
  /** @type {LiveOrder[]} */
  let shown = [];

  const isHeld = () =>
    shown.length > 0 && (body.matches(':focus-within') || (canHover.matches && body.matches(':hover')));

  return ({ isKnown, orders }, now) => {
    const held = isHeld();
    const known = new Map(orders.map((order) => [order.orderId, order]));
    shown = held ? shown.map((order) => known.get(order.orderId) ?? order) : orders;
    const waiting = held ? orders.findIndex(({ orderId }) => orderId === shown[0]?.orderId) : 0;
    showRows(shown.map((order) => ({ order, now })));
    if (orders.length === 0) setText(note, isKnown ? 'None yet. Place one.' : NOT_KNOWN);
    else if (waiting === 0) setText(note, `The newest ${counted(orders.length, 'order')}`);
    else if (waiting < 0) setText(note, 'Paused while you are in the list; newer orders have replaced all of these');
    else setText(note, `Paused while you are in the list; ${whatWaits(waiting)}`);
  };
}

/** @param {number} count */
const whatWaits = (count) => `${counted(count, 'newer order')} ${count === 1 ? 'waits' : 'wait'}`;
