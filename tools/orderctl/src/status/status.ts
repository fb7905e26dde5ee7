import type { ConnectedSystem } from '../connect.js';
import { keepOn } from '../outage.js';
import { createProgress, type Terminal } from '../terminal.js';
import { countItems, readBus, readMarkers, readQueues, readRules } from './parts.js';
import { printStatus } from './print-status.js';

type StatusOptions = {
  count: boolean;
  /** Seconds between refreshes; absent: one output. */
  watch?: number;
  /** Seconds that a marker may be overdue. */
  tolerance: number;
  json?: boolean;
};

const CLEAR_SCREEN = '\u001b[H\u001b[2J';

export type SystemStatus = Awaited<ReturnType<typeof readStatus>>;

async function readStatus(system: ConnectedSystem, terminal: Terminal, { count, tolerance }: StatusOptions) {
  const progress = createProgress(terminal);
  const now = terminal.now();
  const [queues, outbox, bus, rules] = await Promise.all([
    readQueues(system),
    readMarkers(system, now, tolerance * 1_000),
    readBus(system),
    readRules(system),
  ]);
  const items = count
    ? await countItems(system, (table, total) => {
        terminal.signal.throwIfAborted();
        progress.show(`${table}: ${total} counted`);
      })
    : undefined;
  progress.end();
  const all = [...queues, ...(items ?? []), ...outbox, bus, ...rules];
  return {
    stage: system.stage,
    at: new Date(now).toISOString(),
    ok: all.every(({ attention }) => attention === undefined),
    ...{ queues, items, outbox, bus, rules },
  };
}

/** Shows the state of the system. Returns 0; 1 if something needs attention; 130 after Ctrl-C when watching. */
export async function status(system: ConnectedSystem, terminal: Terminal, options: StatusOptions): Promise<number> {
  const { watch, json } = options;
  const show = async (before: string, indent?: number): Promise<boolean> => {
    const found = await readStatus(system, terminal, options);
    terminal.out(json ? `${JSON.stringify(found, null, indent)}\n` : before);
    if (!json) printStatus(found, terminal);
    return found.ok;
  };
  if (watch === undefined) return (await show('', 2)) ? 0 : 1;
  let before = terminal.screen ? CLEAR_SCREEN : '';
  return keepOn(terminal, { where: system.where, everyMs: watch * 1_000 }, async () => {
    await show(before);
    before ||= '\n';
    return 'again';
  });
}
