/** @import { QueueState, WorkerState } from '@orderflow/contracts' */
import { byId, createRows, element, setAttribute, setText } from './dom.js';
import { NOT_KNOWN, whole } from './format.js';

const ROLES = { work: 'waiting', 'dead-letter': 'dead letters', undelivered: 'events not delivered' };
const WORKER_SIGNS = { ready: '✓', 'not ready': '◑', unreachable: '✕' };

/** @type {(count: number, what: string) => string} */
const partOf = (count, what) => (count === 0 ? '' : ` · ${whole(count)} ${what}`);

function createQueueCard() {
  const name = element('span', { class: 'name clip' });
  const role = element('span', { class: 'role' });
  const depth = element('span', { class: 'depth' });
  const more = element('span');
  const node = element('li', {}, depth, name, element('span', { class: 'note' }, role, more));
  return {
    node,
    /** @param {QueueState} queue */
    show(queue) {
      const { visible, inFlight, delayed } = queue;
      const isAlarming = queue.role !== 'work' && visible + inFlight + delayed > 0;
      setAttribute(node, 'data-alarm', String(isAlarming));
      setText(name, queue.name);
      setAttribute(name, 'title', queue.name);
      setText(role, ROLES[queue.role]);
      setText(depth, whole(visible));
      setText(more, partOf(inFlight, 'in flight') + partOf(delayed, 'delayed'));
    },
  };
}

function createWorkerCard() {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' });
  const status = element('span', { class: 'status' });
  const name = element('span', { class: 'name' });
  const address = element('span', { class: 'note mono' });
  const reason = element('span', { class: 'note reason' });
  const node = element('li', {}, sign, element('span', { class: 'what' }, name, address), status, reason);
  return {
    node,
    /** @param {WorkerState} worker */
    show(worker) {
      setAttribute(node, 'data-status', worker.status);
      setText(sign, WORKER_SIGNS[worker.status]);
      setText(status, worker.status);
      setText(name, worker.service);
      setText(address, worker.address);
      setText(reason, worker.reason ?? '');
    },
  };
}

/** @returns {(queues: QueueState[]) => void} shows a card for each queue */
export function createQueues() {
  const note = byId('queues-note', HTMLParagraphElement);
  const showCards = createRows(byId('queues', HTMLUListElement), createQueueCard);
  return (queues) => {
    setText(note, queues.length === 0 ? NOT_KNOWN : '');
    showCards(queues);
  };
}

/** @returns {(workers: WorkerState[] | undefined) => void} shows the workers, unless the API does not know any */
export function createWorkers() {
  const card = byId('workers-card', HTMLElement);
  const showCards = createRows(byId('workers', HTMLUListElement), createWorkerCard);
  return (workers) => {
    card.hidden = workers === undefined;
    showCards(workers ?? []);
  };
}
