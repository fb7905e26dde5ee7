/**
 * A model of the state machine, written independently of the statements. It is a value in memory that one action at a
 * time changes. Each change of the table is compared with it.
 */
export type State = {
  status: 'pending' | 'processing' | 'completed' | 'failed';
  version: number;
  effects: number;
  holder: string;
  token: string;
  /** Epoch ms. */
  leaseUntil: number;
  lastReplayId: string;
  /** The current life was given up: a claim may only end it. */
  isGivenUp: boolean;
  /** Whether a replay may restart a failed item. */
  retriable: boolean | undefined;
  /** Epoch ms at which the outbox marker is due; undefined without a marker. */
  marker: number | undefined;
  attempts: number;
  /** If several consumers must confirm the outcome: those that have not. */
  awaiting: readonly string[];
  /** The table's time to live will delete it. */
  expires: boolean;
};

export type Result = 'completed' | 'failed for good' | 'failed for now';

export type Action =
  | { kind: 'insert' }
  | {
      kind: 'claim';
      messageId: string;
      replayId: string | undefined;
      givesUp: boolean;
      /** The content hash of the message's event; undefined for the sweeper, which has none. */
      says: string | undefined;
      at: number;
      token: string;
      marker: number;
    }
  | { kind: 'finish'; token: string; result: Result; marker: number }
  | { kind: 'postpone'; token: string }
  /** By an operator who has seen this version. */
  | { kind: 'restart'; version: number; replayId: string; marker: number }
  | { kind: 'move'; seen: number; marker: number }
  | { kind: 'note'; seen: number; attempts: number }
  /** By a consumer that has seen which confirmations are missing. */
  | { kind: 'confirm'; version: number; consumer: string; seen: readonly string[] };

export type Rules = {
  leaseMs: number;
  /** Allowed difference between clocks, either way. */
  skewMs: number;
  /** The consumers that must confirm an outcome before its marker goes. */
  consumers: readonly string[];
  /** The content hash that the insert stored; undefined for an item of an older version. */
  accepted: string | undefined;
};

export const isFinished = ({ status }: State): boolean => status === 'completed' || status === 'failed';

/** Whether this claim is a replay that starts a new life. */
export function isReplay(state: State, { replayId }: { replayId: string | undefined }): boolean {
  const mayReplay = state.status === 'failed' && state.retriable === true;
  return mayReplay && replayId !== undefined && replayId !== state.lastReplayId;
}

/** Whether an event that says this may be about an item that was accepted as `accepted`. */
export function isBelieved(says: string | undefined, accepted: string | undefined): boolean {
  return says === undefined || accepted === undefined || says === accepted;
}

/** Whether a message may work on an unfinished item. */
function mayClaim(state: State, messageId: string, at: number, { leaseMs, skewMs }: Rules): boolean {
  if (state.status === 'pending') return true;
  if (state.status !== 'processing') return false;
  const leftMs = state.leaseUntil - at;
  return state.holder === messageId || leftMs < -skewMs || leftMs > leaseMs + skewMs;
}

/** The state after the action; undefined if the action must be refused. */
export function next(state: State, action: Action, rules: Rules): State | undefined {
  switch (action.kind) {
    case 'insert':
      return undefined;

    case 'claim': {
      if (!isBelieved(action.says, rules.accepted)) return undefined;
      const claimed: State = {
        ...state,
        status: 'processing',
        version: state.version + 1,
        holder: action.messageId,
        token: action.token,
        leaseUntil: action.at + rules.leaseMs,
        isGivenUp: state.isGivenUp || action.givesUp,
      };
      if (mayClaim(state, action.messageId, action.at, rules)) return claimed;
      if (!isReplay(state, action)) return undefined;
      const anew = {
        ...{ effects: 0, retriable: undefined, marker: action.marker, attempts: 0, awaiting: [], expires: false },
        isGivenUp: action.givesUp,
      };
      return { ...claimed, ...anew, lastReplayId: action.replayId ?? '' };
    }

    case 'finish': {
      if (state.status !== 'processing' || state.token !== action.token) return undefined;
      const { consumers } = rules;
      const handedOver = { marker: action.marker, attempts: 0, awaiting: consumers.length > 1 ? consumers : [] };
      return {
        ...state,
        ...(consumers.length > 0 ? handedOver : { marker: undefined, expires: true }),
        status: action.result === 'completed' ? 'completed' : 'failed',
        version: state.version + 1,
        effects: state.effects + 1,
        retriable: action.result === 'completed' ? undefined : action.result === 'failed for now',
      };
    }

    case 'postpone':
      if (state.status !== 'processing' || state.token !== action.token) return undefined;
      return { ...state, version: state.version + 1, token: '' };

    case 'restart': {
      const mayStart = state.status === 'failed' && state.retriable === true && state.version === action.version;
      if (!mayStart) return undefined;
      const anew = {
        ...{ effects: 0, isGivenUp: false, retriable: undefined },
        ...{ marker: action.marker, attempts: 0, awaiting: [], expires: false },
      };
      const free = { holder: '', token: '', leaseUntil: 0 };
      const { replayId: lastReplayId } = action;
      return { ...state, ...anew, ...free, status: 'pending', version: state.version + 1, lastReplayId };
    }

    case 'move':
      if (state.marker === undefined || state.marker !== action.seen) return undefined;
      return { ...state, marker: action.marker };

    case 'note':
      if (state.marker === undefined || state.marker !== action.seen) return undefined;
      return { ...state, attempts: action.attempts };

    case 'confirm': {
      const isAsSeen = state.awaiting.join() === action.seen.join();
      if (!isFinished(state) || state.version !== action.version || !isAsSeen) return undefined;
      const awaiting = state.awaiting.filter((consumer) => consumer !== action.consumer);
      if (awaiting.length > 0) return { ...state, awaiting };
      return { ...state, awaiting, marker: undefined, attempts: 0, expires: true };
    }
  }
}
