import type { ForeignAttribute } from '@orderflow/contracts';

/** A message attribute that another system added. */
type Foreign = { type: string; /** Of a binary one, its bytes in base64. */ value: string };

export type ForeignAttributes = Readonly<Record<string, Foreign>>;

/** The attributes of a dead letter after the platform has read them. */
export type LetterAttributes = {
  /** Why a worker dead-lettered it; absent when no worker did. */
  letter?: Readonly<Partial<Record<string, string>>> & { originalMessageId: string; code: string };
  replayId?: string;
  replayCount: number;
  foreign: ForeignAttributes;
};

const SHOWN_LENGTH = 200;

/** Display limits for foreign attributes, whose length is not under our control. */
export function toForeignAttributes(foreign: ForeignAttributes): ForeignAttribute[] {
  return Object.entries(foreign).map(([name, { type, value }]) => ({
    name,
    type,
    value: value.slice(0, SHOWN_LENGTH).toWellFormed(),
    bytes: Buffer.byteLength(value, type.startsWith('Binary') ? 'base64' : 'utf8'),
  }));
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-rule-dlq-message */
const OF_EVENTBRIDGE: ReadonlySet<string> = new Set([
  'RULE_ARN',
  'TARGET_ARN',
  'ERROR_CODE',
  'ERROR_MESSAGE',
  'EXHAUSTED_RETRY_CONDITION',
  'RETRY_ATTEMPTS',
]);

/** Separates EventBridge's attributes on an undelivered event from the message's others. */
export function splitUndelivered(foreign: ForeignAttributes): {
  said: Partial<Record<string, string>>;
  foreign: ForeignAttributes;
} {
  const entries = Object.entries(foreign);
  const isSaid = ([name]: [string, Foreign]): boolean => OF_EVENTBRIDGE.has(name);
  return {
    said: Object.fromEntries(entries.filter(isSaid).map(([name, { value }]) => [name, value])),
    foreign: Object.fromEntries(entries.filter((entry) => !isSaid(entry))),
  };
}
