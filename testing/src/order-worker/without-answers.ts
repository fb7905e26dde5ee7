import { createSimulatedFulfilment } from '../../../services/order-worker/src/fulfilment/simulated-fulfilment.js';
import { startOrderWorker, type OrderSystem } from './start-worker.js';

/** Has messages come back until one has this outcome. */
export async function untilOutcome(system: OrderSystem, wanted: string): Promise<void> {
  while ((await system.outcomes.next()) !== wanted) system.pass(60);
}

/** A worker that tries an order once, and at a warehouse whose answers never arrive. */
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
