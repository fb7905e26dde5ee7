import { createCharts } from './charts.js';
import { createConnection } from './connection.js';
import { createDeadLetters } from './dead-letters.js';
import { oncePerFrame } from './dom.js';
import { followSystem } from './feed.js';
import { emptyState, withEvent, withHistory, withPlaced } from './live-state.js';
import { createOrderForm } from './order-form.js';
import { createOrderList } from './order-list.js';
import { createOrderPanel } from './order-panel.js';
import { createFlow } from './stages.js';
import { createQueues, createWorkers } from './system-health.js';

let state = emptyState();
/** Ages use the API's clock. */
let clockOffsetMs = 0;

const choose = (/** @type {string} */ orderId) => {
  panel.open(orderId);
};
const letters = createDeadLetters(choose);
const panel = createOrderPanel((orderId) => letters.of(orderId));
const connection = createConnection();
const showOrders = createOrderList(choose);
const showStages = createFlow();
const showCharts = createCharts();
const showQueues = createQueues();
const showWorkers = createWorkers();
const draw = oncePerFrame(() => {
  showOrders(state, Date.now() + clockOffsetMs);
  showStages(state);
  showCharts(state.flow);
  showQueues(state.queues);
  showWorkers(state.workers);
});

/** @param {ReturnType<typeof emptyState>} next */
function take(next) {
  state = next;
  clockOffsetMs = Date.parse(state.at) - Date.now();
  connection.setProblem(state.problem);
  void letters.update(state.queues).then(() => {
    panel.refresh();
  });
  draw();
}

createOrderForm((order) => {
  state = withPlaced(state, order);
  draw();
}, choose);
followSystem('api/system/events', {
  onHistory: (event) => {
    take(withHistory(event));
  },
  onSystem: (event) => {
    take(withEvent(state, event));
  },
  onConnection: connection.setConnection,
});
draw();
