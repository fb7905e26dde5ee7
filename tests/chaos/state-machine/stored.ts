import type { Statement } from '@orderflow/platform/dynamodb/executor';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import type { State } from './model.js';
import type { Item } from './subjects.js';

/** Attributes that transitions may change. */
const CHANGING = ['status', 'version', 'effects', 'holder', 'claimToken', 'leaseUntil', 'lastReplayId', 'failure']
  .concat(['outboxShard', 'outboxAt', 'outboxAttempts', 'outboxSentAt', 'awaiting', 'expiresAt'])
  .concat(['updatedAt', 'timeline', 'givenUpLife', 'sentAt', 'outcomeTraceparent']);

/** A stored item as a state of the model. A marker needs both attributes, or the index does not contain the item. */
export function stateOf(item: Item, { states }: WorkItemTable): State {
  const statuses = Object.entries(states) as [State['status'], string][];
  const status = statuses.find(([, word]) => word === item.status)?.[0];
  if (!status) throw new Error(`${String(item.status)} is no state of ${Object.values(states).join(', ')}`);
  const { outboxAt, outboxShard } = item as { outboxAt?: number; outboxShard?: number };
  return {
    status,
    version: item.version as number,
    effects: item.effects as number,
    holder: item.holder as string,
    token: item.claimToken as string,
    leaseUntil: item.leaseUntil as number,
    lastReplayId: item.lastReplayId as string,
    isGivenUp: item.givenUpLife === item.lastReplayId,
    retriable: (item.failure as { retriable: boolean } | undefined)?.retriable,
    marker: outboxShard === undefined ? undefined : outboxAt,
    attempts: item.outboxAttempts as number,
    awaiting: namesIn(item.awaiting),
    expires: item.expiresAt !== undefined,
  };
}

const namesIn = (awaiting: unknown): string[] => (typeof awaiting === 'string' ? awaiting.split(' ') : []);

/** The consumers that a confirmation's condition expects to be missing. */
export function awaitedIn({ text, parameters }: Statement): string[] {
  return text.endsWith('"awaiting" = ?') ? namesIn(parameters.at(-1)) : [];
}

/** The attributes that no transition may change. */
export function factsOf(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !CHANGING.includes(name)));
}

export type Intent = 'insert' | 'claim' | 'finish' | 'postpone' | 'restart' | 'move' | 'note' | 'confirm';

/** What a statement writes, without its condition. */
export function read({ text, parameters }: Statement): { intent: Intent; writes: Map<string, unknown> } {
  const names = [...text.matchAll(/SET "?([\w".]+?)"? = \?/g)].map(([, name]) => name!);
  const writes = new Map(names.map((name, index) => [name, parameters[index]]));
  return { intent: intentOf(text, writes), writes };
}

function intentOf(text: string, writes: Map<string, unknown>): Intent {
  if (text.startsWith('INSERT')) return 'insert';
  if (writes.get('holder') === '') return 'restart';
  if (writes.has('holder')) return 'claim';
  if (writes.has('claimToken')) return 'postpone';
  if (text.includes('"effects" + 1')) return 'finish';
  if (text.includes('REMOVE "outboxAt"') || writes.has('awaiting')) return 'confirm';
  if (writes.has('outboxAt')) return 'move';
  if (writes.has('outboxSentAt')) return 'note';
  throw new Error(`The model does not know this transition; add it to tests/chaos/state-machine/model.ts: ${text}`);
}
