import { createCharts } from './charts.js';
import { createDeadLetters } from './dead-letters.js';
import { byId, oncePerFrame, setText } from './dom.js';
import { followSystem } from './feed.js';
import { emptyState, withEvent, withHistory, withPlaced } from './live-state.js';
import { createOrderForm } from './order-form.js';
import { createOrderList } from './order-list.js';
import { createOrderPanel } from './order-panel.js';
import { showStages } from './stages.js';
import { showHealth } from './system-health.js';

const CONNECTIONS = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused while hidden',
  away: 'Not connected',
};
const AWAY = 'The API cannot be reached. The page shows the last known state and keeps trying to connect.';

let state = emptyState();
/** @type {keyof typeof CONNECTIONS} */
let connection = 'connecting';
/** Ages use the API's clock. */
let clockOffsetMs = 0;

const letters = createDeadLetters();
const panel = createOrderPanel((orderId) => letters.of(orderId));
const showOrders = createOrderList();
const showCharts = createCharts();
const draw = oncePerFrame(() => {
  const line = byId('connection', HTMLElement);
  line.dataset.state = connection;
  setText(line, CONNECTIONS[connection]);
  setText(byId('problem', HTMLElement), connection === 'away' ? AWAY : (state.problem ?? ''));
  showOrders(state, Date.now() + clockOffsetMs);
  showStages(state);
  showCharts(state.flow);
  showHealth(state);
});

/** @param {ReturnType<typeof emptyState>} next */
function take(next) {
  state = next;
  clockOffsetMs = Date.parse(state.at) - Date.now();
  void letters.update(state.queues).then(() => {
    panel.refresh();
  });
  draw();
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : undefined;
  if (button?.dataset.order !== undefined) panel.open(button.dataset.order);
});
createOrderForm((order) => {
  state = withPlaced(state, order);
  draw();
});
followSystem('api/system/events', {
  onHistory: (event) => {
    take(withHistory(event));
  },
  onSystem: (event) => {
    take(withEvent(state, event));
  },
  onConnection: (next) => {
    connection = next;
    draw();
  },
});
draw();
