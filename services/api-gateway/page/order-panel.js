/** @import { DeadLetterSummary, Order, Timeline, TimelineStep } from '@orderflow/contracts' */
/** @import { Letter } from './order-letters.js' */
import { ask, problemIn } from './api.js';
import { createRemedy } from './dead-letters.js';
import { byId, element, oncePerFrame, setText, show } from './dom.js';
import { followOrder } from './follow-order.js';
import { clock, duration, joined, money, shortId } from './format.js';
import { lettersOfOrder, withLetterSteps, wordsFor } from './order-letters.js';
import { drawTimeline, legendEntries, nameOf } from './timeline-picture.js';

/** @param {TimelineStep} step */
const whatOf = ({ code, reason, delaySeconds, worker, messageId, eventId, traceId, correlationId, step }) =>
  joined([
    code === undefined ? reason : `${code}: ${reason ?? ''}`,
    delaySeconds !== undefined && `redelivered after ${delaySeconds} s`,
    worker !== undefined && `worker ${worker}`,
    messageId !== undefined && `message ${messageId}`,
    eventId !== undefined && `event ${eventId}`,
    step === 'accepted' && `correlation ${correlationId}`,
    step === 'accepted' && traceId !== undefined && `trace ${traceId}`,
  ]);

/** @param {TimelineStep} step */
const stepRow = (step) =>
  element(
    'tr',
    {},
    element('td', { class: 'mono' }, clock(step.at)),
    element('td', { class: 'number' }, `+${duration(step.sinceMs)}`),
    element('td', {}, nameOf(step)),
    element('td', { class: 'what' }, whatOf(step)),
  );

/** The note below an incomplete list of steps. @param {Timeline} timeline */
function restOf({ orderId, nextCursor }) {
  if (nextCursor === null) return [];
  const where = `More notifications: GET /api/orders/${orderId}/notifications`;
  return [element('tr', {}, element('td', { colspan: '4', class: 'note' }, where))];
}

/** @param {Order} order */
function factsOf({ orderId, status, customerId, totalAmount, items, failure, createdAt }) {
  const products = items.map(({ quantity, productName }) => `${quantity} × ${productName}`).join(', ');
  const facts = [
    ['Status', failure ? `${status}, ${failure.code}: ${failure.message}` : status],
    ['Accepted', clock(createdAt)],
    ['Customer', customerId],
    ['Items', `${products}, together ${money(totalAmount)}`],
  ].flatMap(([name = '', value = '']) => [element('dt', {}, name), element('dd', {}, value)]);
  return [element('dt', {}, 'Id'), element('dd', { class: 'mono' }, orderId), ...facts];
}

/** @param {Letter} letter */
function letterNote(letter) {
  const { title, replay } = wordsFor(letter.queue);
  const said = element('p', {}, element('strong', {}, `${title}: ${letter.code}.`), ` ${letter.reason}`);
  return element('div', { class: 'callout', 'data-key': letter.messageId }, said, ...createRemedy(letter, replay));
}

/**
 * One order, while the panel is open. The dialog element keeps the focus inside, closes on Escape, and returns the
 * focus.
 * @param {((orderId: string) => DeadLetterSummary[]) | undefined} lettersOf undefined: remedies are not for the caller
 */
export function createOrderPanel(lettersOf) {
  const panel = byId('panel', HTMLDialogElement);
  const close = byId('panel-close', HTMLElement);
  const state = byId('panel-state', HTMLElement);
  const picture = byId('picture', HTMLElement);
  const offer = byId('panel-replay', HTMLElement);
  const replay = byId('replay', HTMLButtonElement);
  const replayed = byId('replay-result', HTMLElement);
  /** @type {{ order: Order, timeline: Timeline } | undefined} */
  let read;
  let orderId = '';
  let stop = () => {};

  function draw() {
    const listed = lettersOf?.(orderId) ?? [];
    const letters = lettersOf ? lettersOfOrder(listed, read?.timeline) : [];
    const timeline = read && withLetterSteps(read.timeline, listed);
    const width = picture.clientWidth;
    show(byId('panel-facts', HTMLElement), read ? factsOf(read.order) : []);
    show(byId('panel-letter', HTMLElement), letters.map(letterNote));
    show(picture, timeline && width > 0 ? [drawTimeline(timeline, width)] : []);
    show(byId('steps', HTMLElement), timeline ? [...timeline.steps.map(stepRow), ...restOf(timeline)] : []);
    offer.hidden = !lettersOf || !read?.timeline.replayable;
    if (offer.hidden) setText(replayed, '');
  }

  /** Forgets the order that was shown. @param {string} next its successor, or '' */
  function turnTo(next) {
    stop();
    read = undefined;
    orderId = next;
    draw();
  }

  async function replayOrder() {
    const id = orderId;
    let said = 'Started again.';
    replay.disabled = true;
    try {
      await ask(`api/orders/${encodeURIComponent(id)}/replay`, { method: 'POST' });
    } catch (error) {
      said = problemIn(error, 'The API cannot be reached; try again later.');
    }
    replay.disabled = false;
    if (id === orderId) setText(replayed, said);
  }

  show(byId('picture-legend', HTMLElement), legendEntries());
  new ResizeObserver(oncePerFrame(draw)).observe(picture);
  replay.addEventListener('click', () => void replayOrder());
  panel.addEventListener('close', () => {
    turnTo('');
  });
  // The target of a click on the backdrop is the dialog itself.
  panel.addEventListener('click', ({ target }) => {
    if (target === panel || target === close) panel.close();
  });

  return {
    /** Call it when dead letters may have changed. */
    refresh() {
      if (panel.open) draw();
    },
    /** @param {string} id */
    open(id) {
      turnTo(id);
      setText(byId('panel-title', HTMLElement), `Order ${shortId(id)}`);
      setText(state, 'Reading');
      if (!panel.open) panel.showModal();
      stop = followOrder(id, {
        onRead: (order, timeline) => {
          read = { order, timeline };
          setText(state, '');
          draw();
        },
        onProblem: (said) => {
          setText(state, said);
        },
      });
    },
  };
}
