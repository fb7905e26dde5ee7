import { DEAD_LETTER_QUEUES, type DeadLetterQueue } from '@orderflow/contracts';
import { type DeadLetter } from '@orderflow/domain/dead-letters/dead-letter';
import { OperatorError } from '../operator-error.js';

/** Filters from the command line. */
export type SelectOptions = {
  queue?: string[];
  reason?: string[];
  since?: string;
  until?: string;
  order?: string;
  id?: string;
};

/** Options of commands that change something. */
export type ChangeOptions = SelectOptions & { all?: boolean; dryRun?: boolean; json?: boolean };

export type Selection = {
  queues: DeadLetterQueue[];
  /** No filter at all. */
  everything: boolean;
  matches: (letter: DeadLetter) => boolean;
};

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Epoch ms. NaN for texts that only Date.parse accepts: `5`, `May 1`, or 30 February. */
function parseIsoTime(text: string): number {
  const [, day] = ISO_TIME.exec(text) ?? [];
  const midnight = Date.parse(`${day ?? ''}T00:00:00Z`);
  const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(`${day ?? ''}T`);
  return isDay ? Date.parse(text) : NaN;
}

/** Epoch ms of an ISO 8601 time or an age such as `2h`. */
function timeOf(option: string, text: string, now: number): number {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const time = amount === undefined ? parseIsoTime(text) : now - Number(amount) * (UNIT_MS[unit] ?? 0);
  if (Number.isNaN(time)) {
    throw new OperatorError(`${option} takes a time such as 2027-03-14T15:00:00Z, or 30m, 2h, 7d for so long ago.`);
  }
  return time;
}

/** Order ids and SQS ids are UUIDs, which are case-insensitive. */
const isSame = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.trim().toLowerCase();

/** @throws OperatorError when a filter cannot be read */
export function select(options: SelectOptions, now: number): Selection {
  const { queue = [], reason = [], since, until, order, id } = options;
  const unknown = queue.find((name) => !(DEAD_LETTER_QUEUES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new OperatorError(`There is no queue ${unknown}: --queue takes ${DEAD_LETTER_QUEUES.join(', ')}.`);
  }
  const from = since === undefined ? -Infinity : timeOf('--since', since, now);
  const to = until === undefined ? Infinity : timeOf('--until', until, now);
  return {
    queues: DEAD_LETTER_QUEUES.filter((name) => queue.length === 0 || queue.includes(name)),
    everything: queue.length + reason.length === 0 && [since, until, order, id].every((one) => one === undefined),
    matches: (letter) => {
      const receivedAt = Date.parse(letter.firstReceivedAt);
      return (
        (reason.length === 0 || reason.includes(letter.code)) &&
        (order === undefined || isSame(letter.event.orderId, order)) &&
        (id === undefined || isSame(letter.messageId, id) || isSame(letter.originalMessageId, id)) &&
        ((since === undefined && until === undefined) || (receivedAt >= from && receivedAt <= to))
      );
    },
  };
}

/** Like `select`. Every dead letter is selected only by `--all`. */
export function selectToChange(options: ChangeOptions, now: number): Selection {
  const selection = select(options, now);
  if (!selection.everything || options.all) return selection;
  throw new OperatorError('Say which: a filter such as --reason CODE or --order ID, or --all for every dead letter.');
}
