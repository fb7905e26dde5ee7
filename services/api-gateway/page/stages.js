/** @import { LiveOrder } from '@orderflow/contracts' */
/** @import { LiveState } from './live-state.js' */
import { byId, element, show, span } from './dom.js';
import { whole } from './format.js';

/** @typedef {LiveOrder['stage']} Stage */

/** In order, each with a symbol: colour alone is not enough for everyone. @type {Record<Stage, string>} */
const SIGNS = { accepted: '○', queued: '◔', processing: '◑', completed: '✓', failed: '✕' };
const STAGES = /** @type {Stage[]} */ (Object.keys(SIGNS));

/** @param {Stage} stage */
export function pill(stage) {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[stage]);
  return element('span', { class: 'pill', 'data-stage': stage }, sign, element('span', {}, stage));
}

/** Shows the number of listed orders in each stage. @param {LiveState} state */
export function showStages({ isKnown, orders }) {
  const items = STAGES.map((stage) => {
    const count = orders.filter((order) => order.stage === stage).length;
    const said = isKnown || count > 0 ? whole(count) : '–';
    return element('li', { 'data-stage': stage }, span('count', said), pill(stage));
  });
  show(byId('flow', HTMLElement), items);
}
