/** @import { Order } from '@orderflow/contracts' */
import { ask, RefusedError } from './api.js';
import { element, setText } from './dom.js';

/** Replays an order. @type {(orderId: string) => Promise<string>} returns the sentence to show */
async function replay(orderId) {
  try {
    await ask(`api/orders/${encodeURIComponent(orderId)}/replay`, { method: 'POST' });
    return 'Started again.';
  } catch (error) {
    return error instanceof RefusedError ? error.message : 'The API cannot be reached; try again later.';
  }
}

/** Offers to replay a failed order, with or without a dead letter. @param {HTMLElement} place */
export function createReplayOffer(place) {
  let offered = '';
  const clear = () => {
    offered = '';
    place.replaceChildren();
  };
  return {
    clear,
    /** @type {(order: Order, replayable: boolean) => void} `replayable`: the API would start it again */
    show({ orderId, version }, replayable) {
      if (!replayable) {
        clear();
        return;
      }
      const offer = `${orderId} ${version}`;
      // Keep an unchanged element: it may have the focus.
      if (offer === offered) return;
      offered = offer;
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
  };
}
