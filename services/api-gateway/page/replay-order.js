/** @import { Order, Problem } from '@orderflow/contracts' */
import { element, setText } from './dom.js';

/**
 * Replays an order. @param {string} orderId
 * @returns {Promise<string>} the sentence to show
 */
async function replay(orderId) {
  try {
    const answer = await fetch(`api/orders/${encodeURIComponent(orderId)}/replay`, { method: 'POST' });
    if (answer.ok) return 'Started again.';
    const body = /** @type {unknown} */ (await answer.json());
    return /** @type {Partial<Problem>} */ (body).detail ?? 'It could not be started again.';
  } catch {
    return 'The API cannot be reached; try again later.';
  }
}

/**
 * Offers to replay a failed order, with or without a dead letter.
 * @param {HTMLElement} place
 */
export function createReplayOffer(place) {
  let offered = '';
  return {
    /**
     * @param {Order} order
     * @param {boolean} replayable whether the API would start it again
     */
    show({ orderId, version }, replayable) {
      const offer = replayable ? `${orderId} ${version}` : '';
      // Keep an unchanged element: it may have the focus.
      if (offer === offered) return;
      offered = offer;
      if (offer === '') {
        place.replaceChildren();
        return;
      }
      const button = element('button', { type: 'button', id: 'replay' }, 'Replay');
      const said = element('span', { class: 'note', role: 'status' });
      button.addEventListener('click', () => {
        button.disabled = true;
        void replay(orderId).then((sentence) => {
          setText(said, sentence);
          button.disabled = false;
        });
      });
      const why = 'Once the cause is fixed, this starts the order again from its stored item.';
      place.replaceChildren(element('p', { class: 'note' }, why), element('div', { class: 'copy' }, button, said));
    },
    clear() {
      offered = '';
      place.replaceChildren();
    },
  };
}
