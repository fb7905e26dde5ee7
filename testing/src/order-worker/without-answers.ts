import { createSimulatedFulfilment } from '../../../services/order-worker/src/fulfilment/simulated-fulfilment.js';
import { startOrderWorker } from './start-worker.js';

/** A worker that tries an order once, and a warehouse whose answers never arrive. */
export function startWithoutAnswers(env: NodeJS.ProcessEnv = {}) {
  const system = startOrderWorker({ MAX_RECEIVES: '1', ...env });
  const warehouse = createSimulatedFulfilment({ delayMs: 0 });
  system.plan.fulfil = async (request) => {
    await warehouse.fulfil(request);
    throw new Error('the connection broke before the answer');
  };
  system.plan.cancel = warehouse.cancel;
  return { system, warehouse };
}
