/** @import { LiveOrder } from '@orderflow/contracts' */
/** @import { LiveState } from './live-state.js' */
import { byId, element, setAttribute, setText } from './dom.js';
import { whole } from './format.js';

/** @typedef {LiveOrder['stage']} Stage */

/** In order, each with a symbol: colour alone is not enough for everyone. @type {Record<Stage, string>} */
const SIGNS = { accepted: '○', queued: '◔', processing: '◑', completed: '✓', failed: '✕' };
const STAGES = /** @type {Stage[]} */ (Object.keys(SIGNS));

/** A stage as a pill that can change. */
export function createPill() {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' });
  const word = element('span');
  const node = element('span', { class: 'pill' }, sign, word);
  return {
    node,
    /** @param {Stage} stage */
    show(stage) {
      setAttribute(node, 'data-stage', stage);
      setText(sign, SIGNS[stage]);
      setText(word, stage);
    },
  };
}

/** @returns {(state: Pick<LiveState, 'isKnown' | 'orders'>) => void} shows the number of listed orders in each stage */
export function createFlow() {
  const counts = STAGES.map((stage) => {
    const pill = createPill();
    pill.show(stage);
    const count = element('span', { class: 'count' }, '–');
    byId('flow', HTMLOListElement).append(element('li', { 'data-stage': stage }, count, pill.node));
    return { stage, count };
  });
  return ({ isKnown, orders }) => {
    for (const { stage, count } of counts) {
      const orderCount = orders.filter((order) => order.stage === stage).length;
      setText(count, isKnown || orderCount > 0 ? whole(orderCount) : '–');
    }
  };
}
