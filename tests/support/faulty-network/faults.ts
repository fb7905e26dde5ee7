import { createRandom } from '@orderflow/testing/random';
import type { AwsRequest, AwsService } from './aws-json.js';

/**
 * What happens to a call, or to one message or entry in it:
 *
 * | kind                  | what happens                                                                  |
 * |-----------------------|-------------------------------------------------------------------------------|
 * | refuse                | the connection breaks, the emulator never sees the call                       |
 * | black-hole            | nothing ever answers                                                          |
 * | delay                 | the call continues after `ms`                                                 |
 * | error-500             | the service fails                                                             |
 * | throttle              | the service throttles                                                         |
 * | deny                  | the service refuses the caller: no permission                                 |
 * | drop-answer           | the call is applied, then the connection breaks                               |
 * | duplicate-delivery    | ReceiveMessage: a later receive from the same queue returns the message again |
 * | lose-message          | ReceiveMessage: the message is deleted from its queue when it is delivered    |
 * | duplicate-publication | PutEvents: the entry is delivered twice                                       |
 * | swallow               | PutEvents: the entry is accepted and never delivered                          |
 * | reject-entry          | PutEvents: the entry fails, the others go through                             |
 */
export type Fault =
  | { kind: CallFault | MessageFault | EntryFault }
  /** Ms by which the call is late. */
  | { kind: 'delay'; ms: number };

type CallFault = 'refuse' | 'black-hole' | 'error-500' | 'throttle' | 'deny' | 'drop-answer';
type MessageFault = 'duplicate-delivery' | 'lose-message';
type EntryFault = 'duplicate-publication' | 'swallow' | 'reject-entry';

export type FaultKind = Fault['kind'];

/** A fault, and the calls that it affects. */
export type FaultRule = Fault & {
  service: AwsService;
  /** An operation such as `ReceiveMessage`; absent: any. Message and entry faults apply to their operation only. */
  operation?: string;
  /** For each call, message or entry; 1 when absent. */
  probability?: number;
  /** Receives the call's body; for an entry fault, a body with that entry alone. */
  match?: (request: AwsRequest) => boolean;
};

/** Faults of messages and entries, by their operation. */
const PARTS: Partial<Record<FaultKind, string>> = {
  'duplicate-delivery': 'SQS ReceiveMessage',
  'lose-message': 'SQS ReceiveMessage',
  'duplicate-publication': 'EventBridge PutEvents',
  swallow: 'EventBridge PutEvents',
  'reject-entry': 'EventBridge PutEvents',
};

/** A number from 0 (inclusive) to 1 that depends on the text only. */
function chance(text: string): number {
  // FNV-1a. The random number spreads texts that differ only in the last letter.
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return createRandom(hash)();
}

export type Faults = {
  add(rule: FaultRule): () => void;
  clear(): void;
  /** The faults of an operation's `ordinal`-th call, in the order in which they were added. */
  ofCall(operation: string, ordinal: number, request: AwsRequest): FaultRule[];
  /** The same for the operation's `ordinal`-th message or entry. */
  ofPart(operation: string, ordinal: number, request: AwsRequest): Set<FaultKind>;
};

/** A decision depends only on seed, operation, kind and ordinal, not on how calls interleave. */
export function createFaults(seed: number): Faults {
  const rules = new Set<FaultRule>();

  function meets(rule: FaultRule, operation: string, ordinal: number, request: AwsRequest): boolean {
    const [service, name] = operation.split(' ');
    if (rule.service !== service || (rule.operation !== undefined && rule.operation !== name)) return false;
    const { probability = 1, match } = rule;
    if (probability < 1 && chance(`${seed} ${operation} ${rule.kind} ${ordinal}`) >= probability) return false;
    return match?.(request) ?? true;
  }

  return {
    add: (rule) => {
      // A copy, so that a rule that was added twice can be removed once.
      const added = { ...rule };
      rules.add(added);
      return () => rules.delete(added);
    },
    clear: () => {
      rules.clear();
    },
    ofCall: (operation, ordinal, request) =>
      [...rules].filter((rule) => !(rule.kind in PARTS) && meets(rule, operation, ordinal, request)),
    ofPart: (operation, ordinal, request) =>
      new Set(
        [...rules]
          .filter((rule) => PARTS[rule.kind] === operation && meets(rule, operation, ordinal, request))
          .map(({ kind }) => kind),
      ),
  };
}
