/** @import { CallerInfo, SystemState } from '@orderflow/contracts' */
/** @import { Connection } from './feed.js' */
import { isOperator, mayOrder } from './caller.js';
import { createCharts } from './charts.js';
import { createDeadLetters } from './dead-letters.js';
import { byId, oncePerFrame, setText } from './dom.js';
import { followEvents } from './feed.js';
import { emptyState, withEvent, withHistory, withOrders, withPlaced } from './live-state.js';
import { createOrderForm } from './order-form.js';
import { createOrderList } from './order-list.js';
import { createOrderPanel } from './order-panel.js';
import { followOwnOrders } from './own-orders.js';
import { showStages } from './stages.js';
import { showHealth } from './system-health.js';

const CONNECTIONS = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused while hidden',
  away: 'Not connected',
  out: 'Signed out',
  ended: 'Ended',
};
const AWAY = 'The API cannot be reached. The page shows the last known state and keeps trying to connect.';

/** @param {keyof typeof CONNECTIONS} connection @param {string} [problem] */
export function showConnection(connection, problem = connection === 'away' ? AWAY : '') {
  const line = byId('connection', HTMLElement);
  line.dataset.state = connection;
  setText(line, CONNECTIONS[connection]);
  setText(byId('problem', HTMLElement), problem);
}

/**
 * Shows operators the whole system, and customers their own orders. Nothing of the system is requested for a customer.
 * @param {CallerInfo} caller
 */
export function createLiveView(caller) {
  const operates = isOperator(caller);
  let state = emptyState();
  /** @type {Connection} */
  let connection = 'connecting';
  /** Ages use the API's clock. */
  let clockOffsetMs = 0;

  for (const node of document.querySelectorAll('.operators')) /** @type {HTMLElement} */ (node).hidden = !operates;
  byId('main', HTMLElement).dataset.view = operates ? 'system' : 'customer';
  byId('place-card', HTMLElement).hidden = !mayOrder(caller);

  const letters = operates ? createDeadLetters() : undefined;
  const panel = createOrderPanel(letters && ((orderId) => letters.of(orderId)));
  const showOrders = createOrderList();
  const showCharts = operates ? createCharts() : undefined;
  const draw = oncePerFrame(() => {
    showConnection(connection, connection === 'away' ? AWAY : (state.problem ?? ''));
    showOrders(state, Date.now() + clockOffsetMs);
    if (!showCharts) return;
    showStages(state);
    showCharts(state.flow);
    showHealth(state);
  });

  /** @param {Connection} next */
  function onConnection(next) {
    connection = next;
    draw();
  }

  /** @param {ReturnType<typeof emptyState>} next */
  function take(next) {
    state = next;
    clockOffsetMs = Date.parse(state.at) - Date.now();
    void letters?.update(state.queues).then(() => {
      panel.refresh();
    });
    draw();
  }

  /** Starts what keeps the page current. @returns {() => void} looks at once, if it only looks from time to time */
  function follow() {
    if (!operates) {
      return followOwnOrders({
        onConnection,
        onOrders: (orders) => {
          state = withOrders(state, orders);
          draw();
          return state.orders;
        },
      });
    }
    followEvents('api/system/events', {
      onConnection,
      onEvent: (name, data) => {
        const event = /** @type {SystemState} */ (data);
        if (name === 'history') take(withHistory(event));
        if (name === 'system') take(withEvent(state, event));
      },
    });
    return () => {};
  }

  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : undefined;
    if (button?.dataset.order !== undefined) panel.open(button.dataset.order);
  });
  const form = createOrderForm({
    customerId: caller.customerId,
    onPlaced: (order) => {
      state = withPlaced(state, order);
      draw();
      look();
    },
  });
  const look = follow();
  draw();
  return { form };
}
