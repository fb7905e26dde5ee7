/** @import { DeadLetterList, DeadLetterSummary, QueueState } from '@orderflow/contracts' */
import { ask } from './api.js';
import { byId, element, orderLink, setText, show } from './dom.js';
import { clock, counted, joined, NOT_KNOWN } from './format.js';

/** Letters per queue that the API shows. */
const MAX_TOLD = 10;
/** Each look receives the dead letters, so look no more often than this. */
const PAUSE_MS = 2_000;
/** Letters that another client is reading become visible later, without a change of depth. */
const AGAIN_MS = 15_000;

/**
 * A command for the operator's shell, with a button that copies it. Without a clipboard (plain HTTP has none), the
 * button selects it.
 * @param {string} text
 */
function createCommand(text) {
  const command = element('code', { class: 'command' }, text);
  const button = element('button', { type: 'button' }, 'Copy');
  const said = element('span', { class: 'note', role: 'status' });
  async function copy() {
    getSelection()?.selectAllChildren(command);
    try {
      await navigator.clipboard.writeText(command.textContent);
      setText(said, 'Copied.');
    } catch {
      setText(said, 'Selected; copy it with the keyboard.');
    }
  }
  button.addEventListener('click', () => void copy());
  return element('div', { class: 'copy' }, command, button, said);
}

/**
 * Advice on a letter: replay it or, if the API says that a replay would start nothing, drop or correct it.
 * @param {Pick<DeadLetterSummary, 'messageId' | 'code' | 'reason' | 'path' | 'replayRefusal'>} letter
 * @param {string} [replay] what a replay does
 */
export function createRemedy({ messageId, code, reason, path, replayRefusal }, replay) {
  if (replayRefusal === undefined) {
    const command = createCommand(`npm run dlq -- replay --id ${messageId}`);
    return replay === undefined ? [command] : [element('p', { class: 'note' }, replay), command];
  }
  const why = replayRefusal === `${code}: ${reason}` ? '.' : `: ${replayRefusal}.`;
  const patch = path === undefined ? '' : ' Correct it with replay --patch, or drop it:';
  const said = `A replay of the unchanged message would start nothing${why}${patch || ' To drop it:'}`;
  return [element('p', { class: 'note' }, said), createCommand(`npm run dlq -- drop --id ${messageId}`)];
}

/** Why a message became a dead letter, in words. @param {DeadLetterSummary} letter */
const factsOf = ({ queue, type, path, attempts, firstReceivedAt, replayCount }) =>
  joined([
    type ?? 'unknown event',
    `from ${queue}`,
    path !== undefined && `at ${path || 'the whole body'}`,
    attempts !== undefined && counted(attempts, 'attempt'),
    `first received at ${clock(firstReceivedAt).slice(0, 8)}`,
    replayCount > 0 && `replayed ${counted(replayCount, 'time')}`,
  ]);

/**
 * A foreign attribute of the message. A binary value shows as its length.
 * @param {NonNullable<DeadLetterSummary['attributes']>[number]} attribute
 */
const sayAttribute = ({ name, type, value, bytes }) =>
  type.startsWith('Binary') ? `${name} (${type}, ${counted(bytes, 'byte')})` : `${name}: ${value}`;

/** @param {DeadLetterSummary} letter */
function letterItem(letter) {
  const { messageId, orderId, code, reason, attributes = [] } = letter;
  const order = orderId === undefined ? [] : [' · order ', orderLink(orderId)];
  const foreign = joined(attributes.map(sayAttribute));
  return element(
    'li',
    { 'data-key': messageId },
    element('p', { class: 'why' }, element('strong', { class: 'code' }, code), ` ${reason}`),
    element('p', { class: 'note' }, factsOf(letter), ...order),
    ...(foreign === '' ? [] : [element('p', { class: 'note attributes' }, foreign)]),
    ...createRemedy(letter),
  );
}

/** @param {QueueState[]} queues */
const depthOf = (queues) =>
  queues
    .filter(({ role }) => role !== 'work')
    .reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);

/** Shows the dead letters, read again when their number changes. */
export function createDeadLetters() {
  const note = byId('letters-note', HTMLElement);
  setText(note, NOT_KNOWN);
  /** @type {DeadLetterSummary[]} */
  let letters = [];
  /** The depth when the letters were read; undefined when they must be read again. @type {number | undefined} */
  let readAt;
  let lastRead = -Infinity;
  let isReading = false;

  /** @param {number} depth */
  function say(depth) {
    if (depth === 0 && letters.length === 0) return 'None.';
    if (letters.length >= depth) return counted(letters.length, 'message');
    return `${letters.length} of about ${depth}; npm run dlq -- list shows all`;
  }

  return {
    /** @param {string} orderId */
    of: (orderId) => letters.filter((letter) => letter.orderId === orderId),
    /** Call it with every state from the API. @param {QueueState[]} queues */
    async update(queues) {
      const depth = depthOf(queues);
      const now = performance.now();
      const isDue = depth !== readAt || (letters.length < Math.min(depth, MAX_TOLD) && now - lastRead > AGAIN_MS);
      if (isReading || !isDue || now - lastRead < PAUSE_MS) return;
      isReading = true;
      lastRead = now;
      try {
        letters = /** @type {DeadLetterList} */ (await ask('api/dead-letters')).items;
        show(byId('letters', HTMLElement), letters.map(letterItem));
        readAt = depth;
        setText(note, say(depth));
      } catch {
        readAt = undefined;
        setText(note, 'They cannot be read now; the list may be out of date.');
      } finally {
        isReading = false;
      }
    },
  };
}
