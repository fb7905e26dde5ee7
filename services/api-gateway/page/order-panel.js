/** @import { DeadLetterSummary, Order, Timeline, TimelineStep } from '@orderflow/contracts' */
/** @import { Letter } from './order-letters.js' */
import { createRemedy } from './dead-letters.js';
import { byId, element, oncePerFrame, setText } from './dom.js';
import { followOrder } from './follow-order.js';
import { clock, duration, joined, money, shortId } from './format.js';
import { lettersOfOrder, withLetterSteps, wordsFor } from './order-letters.js';
import { createReplayOffer } from './replay-order.js';
import { drawTimeline, legendEntries, nameOf } from './timeline-picture.js';

/** The parts of a letter that the panel shows. */
const LETTER_PARTS = ['queue', 'messageId', 'code', 'reason', 'path', 'replayRefusal'];

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
function factsOf({ status, customerId, totalAmount, items, failure, createdAt }) {
  const products = items.map(({ quantity, productName }) => `${quantity} × ${productName}`).join(', ');
  return [
    ['Status', failure ? `${status}, ${failure.code}: ${failure.message}` : status],
    ['Accepted', clock(createdAt)],
    ['Customer', customerId],
    ['Items', `${products}, together ${money(totalAmount)}`],
  ].flatMap(([name = '', value = '']) => [element('dt', {}, name), element('dd', {}, value)]);
}

/** @param {Letter} letter */
function letterNote(letter) {
  const { title, replay } = wordsFor(letter.queue);
  const said = element('p', {}, element('strong', {}, `${title}: ${letter.code}.`), ` ${letter.reason}`);
  return element('div', { class: 'callout' }, said, ...createRemedy(letter, replay));
}

/**
 * One order, while the panel is open. The dialog element keeps the focus inside, closes on Escape, and returns the
 * focus.
 * @param {(orderId: string) => DeadLetterSummary[]} lettersOf
 */
export function createOrderPanel(lettersOf) {
  const panel = byId('panel', HTMLDialogElement);
  const state = byId('panel-state', HTMLParagraphElement);
  const facts = byId('panel-facts', HTMLDListElement);
  const letterPlace = byId('panel-letter', HTMLDivElement);
  const offer = createReplayOffer(byId('panel-replay', HTMLDivElement));
  const picture = byId('picture', HTMLDivElement);
  const stepRows = byId('steps', HTMLTableSectionElement);
  /** As the API sends it. @type {Timeline | undefined} */
  let read;
  /** As shown. @type {Timeline | undefined} */
  let timeline;
  let shownLetters = '';
  let shownSteps = '';
  let orderId = '';
  let stop = () => {};

  const draw = oncePerFrame(() => {
    if (timeline && picture.clientWidth > 0) picture.replaceChildren(drawTimeline(timeline, picture.clientWidth));
  });
  byId('picture-legend', HTMLUListElement).append(...legendEntries());
  new ResizeObserver(draw).observe(picture);

  function clear() {
    read = undefined;
    timeline = undefined;
    shownLetters = '';
    shownSteps = '';
    offer.clear();
    for (const node of [facts, letterPlace, picture, stepRows]) node.replaceChildren();
  }

  function showLetters() {
    const listed = lettersOf(orderId);
    const letters = lettersOfOrder(listed, read);
    const said = JSON.stringify(letters, LETTER_PARTS);
    timeline = read && withLetterSteps(read, listed);
    const steps = JSON.stringify(timeline);
    // Keep unchanged elements: one may have the focus, or someone may be reading.
    if (steps !== shownSteps && timeline) {
      stepRows.replaceChildren(...timeline.steps.map(stepRow), ...restOf(timeline));
      draw();
    }
    if (said !== shownLetters) letterPlace.replaceChildren(...letters.map(letterNote));
    shownLetters = said;
    shownSteps = steps;
  }

  byId('panel-close', HTMLButtonElement).addEventListener('click', () => {
    panel.close();
  });
  panel.addEventListener('close', () => {
    stop();
    clear();
  });
  // The target of a click on the backdrop is the dialog itself.
  panel.addEventListener('click', ({ target }) => {
    if (target === panel) panel.close();
  });

  return {
    /** Call it when dead letters may have changed. */
    refresh() {
      if (panel.open) showLetters();
    },
    /** @param {string} id */
    open(id) {
      stop();
      clear();
      orderId = id;
      setText(byId('panel-title', HTMLHeadingElement), `Order ${shortId(id)}`);
      setText(state, 'Reading');
      if (!panel.open) panel.showModal();
      stop = followOrder(id, {
        onRead: (order, found) => {
          facts.replaceChildren(element('dt', {}, 'Id'), element('dd', { class: 'mono' }, id), ...factsOf(order));
          offer.show(order, found.replayable);
          setText(state, '');
          read = found;
          showLetters();
        },
        onProblem: (said) => {
          setText(state, said);
        },
      });
    },
  };
}
