/** @import { QueueState, SystemState, WorkerState } from '@orderflow/contracts' */
import { byId, element, setText, show, span } from './dom.js';
import { NOT_KNOWN, whole } from './format.js';

const ROLES = { work: 'waiting', 'dead-letter': 'dead letters', undelivered: 'events not delivered' };
const WORKER_SIGNS = { ready: '✓', 'not ready': '◑', unreachable: '✕' };

/** @type {(count: number, what: string) => string} */
const partOf = (count, what) => (count === 0 ? '' : ` · ${whole(count)} ${what}`);

/** @param {QueueState} queue */
function queueCard({ name, role, visible, inFlight, delayed }) {
  const isAlarming = role !== 'work' && visible + inFlight + delayed > 0;
  const title = element('span', { class: 'name clip', title: name }, name);
  const more = partOf(inFlight, 'in flight') + partOf(delayed, 'delayed');
  const note = span('note', span('role', ROLES[role]), more);
  return element('li', { 'data-alarm': String(isAlarming) }, span('depth', whole(visible)), title, note);
}

/** @param {WorkerState} worker */
function workerCard({ service, address, status, reason = '' }) {
  const sign = element('span', { class: 'sign', 'aria-hidden': 'true' }, WORKER_SIGNS[status]);
  const what = span('what', span('name', service), span('note mono', address));
  return element('li', { 'data-status': status }, sign, what, span('status', status), span('note reason', reason));
}

/** Shows a card for each queue and worker. The API may not know any worker. @param {SystemState} state */
export function showHealth({ queues, workers }) {
  setText(byId('queues-note', HTMLElement), queues.length === 0 ? NOT_KNOWN : '');
  show(byId('queues', HTMLElement), queues.map(queueCard));
  byId('workers-card', HTMLElement).hidden = workers === undefined;
  show(byId('workers', HTMLElement), (workers ?? []).map(workerCard));
}
