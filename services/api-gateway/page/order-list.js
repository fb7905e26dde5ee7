/** @import { LiveOrder } from '@orderflow/contracts' */
/** @import { LiveState } from './live-state.js' */
import { byId, element, orderLink, setText, show, span } from './dom.js';
import { age, counted, duration, money, NOT_KNOWN } from './format.js';
import { pill } from './stages.js';

/** @type {(className: string, ...children: (Node | string)[]) => Element} */
const cell = (className, ...children) => element('td', { class: className }, ...children);

/** @type {(order: LiveOrder, now: number) => Element} */
function rowOf({ orderId, stage, deadLettered, customerId, totalAmount, attempts, createdAt, updatedAt }, now) {
  const isOver = stage === 'completed' || stage === 'failed';
  const tookMs = Math.max(0, Date.parse(updatedAt) - Date.parse(createdAt));
  return element(
    'tr',
    {},
    cell('stage', pill(stage), ' ', ...(deadLettered ? [span('mark', 'dead letter')] : [])),
    cell('order', orderLink(orderId)),
    cell('wide clip operators', customerId),
    cell('wide number', money(totalAmount)),
    cell('wide number operators', String(attempts)),
    cell('number', isOver ? duration(tookMs) : '–'),
    cell('number', age(now - Date.parse(createdAt))),
  );
}

/** @param {number} count */
const whatWaits = (count) => `${counted(count, 'newer order')} ${count === 1 ? 'waits' : 'wait'}`;

/**
 * The newest orders. While the pointer or the focus is in the list, its rows keep their places and stay current, and
 * new orders wait.
 * @returns {(state: LiveState, now: number) => void}
 */
export function createOrderList() {
  const body = byId('order-rows', HTMLElement);
  const note = byId('orders-note', HTMLElement);
  const canHover = matchMedia('(hover: hover)');
  /** @type {LiveOrder[]} */
  let shown = [];

  return ({ isKnown, orders }, now) => {
    const isHeld = shown.length > 0 && (body.matches(':focus-within') || (canHover.matches && body.matches(':hover')));
    const known = new Map(orders.map((order) => [order.orderId, order]));
    shown = isHeld ? shown.map((order) => known.get(order.orderId) ?? order) : orders;
    const waiting = isHeld ? orders.findIndex(({ orderId }) => orderId === shown[0]?.orderId) : 0;
    const rows = shown.map((order) => rowOf(order, now));
    show(body, rows);
    if (orders.length === 0) setText(note, isKnown ? 'None yet. Place one.' : NOT_KNOWN);
    else if (waiting === 0) setText(note, `The newest ${counted(orders.length, 'order')}`);
    else if (waiting < 0) setText(note, 'Paused while you are in the list; newer orders have replaced all of these');
    else setText(note, `Paused while you are in the list; ${whatWaits(waiting)}`);
  };
}
