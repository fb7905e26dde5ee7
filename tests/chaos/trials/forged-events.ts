import type { OrderRecord } from '@orderflow/domain/orders/order';
import { list } from '@orderflow/orderctl/dead-letters/list';
import { eventually } from '@orderflow/testing/eventually';
import { createTerminal } from '../../support/operator.js';
import { assertAblated, withChaosSystem, type ChaosSystem } from '../support/chaos-system.js';
import {
  everyOrderEnds,
  nothingFromNowhere,
  nothingIsLeft,
  outcomesApplyOnce,
  outsideAgrees,
} from '../support/checks.js';
import { collectEvidence, readTable } from '../support/evidence.js';
import { FORGED_PRODUCT, forgeriesOf, lateForgeriesOf, send, type Forgery, type Letter } from '../support/forgeries.js';
import { placeOrders } from '../support/load.js';
import { waitForQuiet } from '../support/quiet.js';
import { countIs, noneIs, type Check, type Trial, type TrialOptions } from '../trial.js';

const SIZES = { full: 100, ci: 10 } as const;
const ABLATION = { name: 'claim-any-content', of: 'order-worker' } as const;
const LETTERS_WITHIN_MS = 30_000;
const QUIET_WITHIN_MS = 60_000;
const ENV = { OUTBOX_DELAY_MS: '1000', SWEEP_INTERVAL_MS: '500' };

const storedOrders = ({ operator }: ChaosSystem) => readTable<OrderRecord>(operator, operator.names.ordersTable);

async function readLetters({ operator }: ChaosSystem): Promise<Letter[]> {
  const terminal = createTerminal();
  await list(operator, terminal, { json: true });
  return terminal.documents<Letter>();
}

const textOf = ({ queue, code, path }: Letter): string => `${queue} ${code} ${path}`;

/** Waits until each message of these is dead-lettered; an ablated system may handle some instead. */
async function untilDeadLettered(system: ChaosSystem, count: number, ablated: boolean): Promise<Letter[]> {
  if (ablated) {
    const ended = async () => (await storedOrders(system)).every(({ status }) => status === 'COMPLETED');
    await eventually(ended, 'the forged orders fulfilled', LETTERS_WITHIN_MS);
    return readLetters(system);
  }
  const look = async () => {
    const letters = await readLetters(system);
    return letters.length >= count && letters;
  };
  return eventually(look, `${count} dead letters`, LETTERS_WITHIN_MS);
}

function checkLetters(letters: readonly Letter[], forgeries: readonly Forgery[]): Check[] {
  const wanted = [...new Set(forgeries.map(({ letter }) => textOf(letter)))];
  const having = (what: string, all: readonly Letter[]) => all.filter((letter) => textOf(letter) === what).length;
  return [
    ...wanted.map((what) => {
      const expected = having(
        what,
        forgeries.map(({ letter }) => letter),
      );
      return countIs('I12', `dead letters: ${what}`, expected, having(what, letters));
    }),
    noneIs('I12', 'other dead letters', letters, (letter) => !wanted.includes(textOf(letter))),
  ];
}

/** The warehouse records an order under the name of its first product. */
const checkWarehouse = (system: ChaosSystem): Check =>
  countIs(
    'I12',
    'fulfilments of what nobody ordered',
    0,
    system.warehouse.orders().get(FORGED_PRODUCT)?.keys.size ?? 0,
  );

const isUntouched = ({ status, version, holder, effects }: OrderRecord): boolean =>
  status === 'PENDING' && version === 1 && holder === '' && effects === 0;

async function run({ seed, emulator, size, ablated, say, orders: wanted }: TrialOptions): Promise<Check[]> {
  const count = wanted ?? SIZES[size];
  const chaos = { seed, emulator, workers: 2, env: ENV, ablation: ablated ? ABLATION : undefined };
  return withChaosSystem(chaos, async (system) => {
    const { operator } = system;
    // The forger is faster: no real event arrives before all forged ones are handled.
    const recover = system.network.add({ kind: 'swallow', service: 'EventBridge' });
    const placed = await placeOrders({ baseUrl: await system.apiUrl(), count, until: 'accepted' });
    const pending = await storedOrders(system);
    const early = pending.flatMap(forgeriesOf);
    await send(operator, early);
    const letters = await untilDeadLettered(system, early.length, ablated);
    const touched = (await storedOrders(system)).filter((order) => !isUntouched(order));
    say(`${early.length} forgeries about ${count} pending orders: ${letters.length} dead letters`);
    const checks = [
      ...checkLetters(letters, early),
      countIs('I12', 'pending orders that a forgery changed', 0, touched.length),
    ];
    if (ablated) {
      await assertAblated(system, ABLATION.name, ABLATION.of);
      return [...checks, checkWarehouse(system)];
    }

    recover();
    if ((await waitForQuiet(operator, QUIET_WITHIN_MS)) === undefined) throw new Error('work is left');
    const ended = await storedOrders(system);
    const late = ended.flatMap(lateForgeriesOf);
    await send(operator, late);
    const all = await untilDeadLettered(system, early.length + late.length, false);
    const evidence = await collectEvidence(system, placed);
    const before = new Map(ended.map((order) => [order.orderId, JSON.stringify(order)]));
    return [
      ...checks,
      ...checkLetters(all, [...early, ...late]),
      noneIs('I12', 'ended orders that a forgery changed', evidence.orders, (order) => {
        return before.get(order.orderId) !== JSON.stringify(order);
      }),
      checkWarehouse(system),
      ...everyOrderEnds('I12', evidence),
      ...outcomesApplyOnce('I2', evidence, system),
      ...outsideAgrees('I2', evidence, system),
      ...nothingFromNowhere('I3', evidence),
      ...nothingIsLeft('I10', evidence),
    ];
  });
}

export const forgedEvents: Trial = {
  name: 'forged-events',
  fault: 'forged and edited events on the bus and in the queues, before the real ones and after them',
  ablation: { name: ABLATION.name, breaks: 'I12' },
  run,
};
