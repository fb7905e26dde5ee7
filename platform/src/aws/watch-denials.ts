import type { MonotonicClock, Stopwatch } from '../runtime/clock.js';
import { toError } from '../runtime/errors.js';
import type { Logger } from '../runtime/logger.js';
import { actionsOf, type ActionPrefix, type AwsAction, type Command } from './aws-actions.js';
import type { AwsClients } from './clients.js';
import { denialFrom, noteReason, type Denial } from './denial.js';
import { EntryError, STATEMENT_REFUSALS } from './error-kind.js';

/** The denials that a service has met. */
export type Denials = {
  /** Reasons for readiness, without AWS's texts. */
  reasons: () => string[];
};

/** A rare call, such as one for a dead letter, may not be repeated for a long time after AWS allows it again. */
const FORGOTTEN_AFTER_MS = 300_000;

type Options = {
  service: string;
  config: { readonly STAGE: string; readonly AWS_REGION: string };
  logger: Logger;
  monotonic: MonotonicClock;
};

type Met = { denial: Denial; agoMs: Stopwatch };
type Send = (command: Command, ...options: unknown[]) => Promise<Output>;
type Failure = { Code?: string; ErrorCode?: string; Message?: string; ErrorMessage?: string };
type Output = { Responses?: unknown; Entries?: Failure[]; Failed?: Failure[] };

const codeOf = (failure: Failure | undefined): string => failure?.Code ?? failure?.ErrorCode ?? '';
const textOf = (failure: Failure | undefined): string => failure?.Message ?? failure?.ErrorMessage ?? '';
/** If a statement's condition does not hold, AWS has still allowed it. */
const isFailure = (failure: Failure | undefined): boolean =>
  codeOf(failure) !== '' && !STATEMENT_REFUSALS.has(codeOf(failure));

/** The entries of a batch's answer. BatchExecuteStatement and PutEvents return all, in order; SQS only failed ones. */
function failuresOf({ Responses: responses, Entries: entries, Failed: failed }: Output): (Failure | undefined)[] {
  if (Array.isArray(responses)) return (responses as { Error?: Failure }[]).map(({ Error: error }) => error);
  return entries ?? failed ?? [];
}

const keyOf = ({ action, resource, detailType = '' }: AwsAction): string => `${action} ${resource} ${detailType}`;

/** The call that AWS's text names. The text may name only the action. */
function findNamed(calls: readonly AwsAction[], { message }: Error): AwsAction | undefined {
  const named = calls.filter(({ action }) => message.includes(action));
  return named.find(({ resource }) => message.includes(`/${resource}`)) ?? named[0] ?? calls[0];
}

function createRecord({ service, config, logger, monotonic }: Options) {
  const policy = `${config.STAGE}-${service}-${config.AWS_REGION}`;
  /** By call, because the permission that AWS reports as missing can differ from the call's action. */
  const met = new Map<string, Met>();
  const isLogged = (key: string): boolean => [...met.values()].some(({ denial }) => denial.key === key);

  return {
    isEmpty: () => met.size === 0,
    /** Reasons of the denials that may still last. */
    reasons: (): string[] => {
      const recent = [...met.values()].filter(({ agoMs }) => agoMs() < FORGOTTEN_AFTER_MS);
      return [...new Set(recent.map(({ denial }) => denial.reason))];
    },
    failed: (call: AwsAction, error: Error): void => {
      const denial = denialFrom(error, call, policy);
      if (!denial) return;
      noteReason(error, denial);
      if (!isLogged(denial.key)) logger.error(denial.message, denial.fields);
      met.set(keyOf(call), { denial, agoMs: monotonic.startStopwatch() });
    },
    worked: (call: AwsAction): void => {
      const { denial } = met.get(keyOf(call)) ?? {};
      if (!denial) return;
      // Denials with this key have the same fix, and some of the calls may not be repeated.
      for (const [key, other] of met) if (other.denial.key === denial.key) met.delete(key);
      const { detail: _, ...fields } = denial.fields;
      logger.info('AWS allows it again', fields);
    },
  };
}

/**
 * Reports what AWS denies to a service: logs each missing permission once until it is allowed again, and lists the
 * missing ones for readiness. Errors reach the caller unchanged.
 * @returns what it was given, with clients that are watched
 */
export function watchDenials<Given extends Omit<Options, 'service'> & { aws: AwsClients }>(
  service: string,
  given: Given,
): Given & { denials: Denials } {
  const record = createRecord({ ...given, service });

  /** AWS can deny single entries of a call that succeeds. */
  function noteAnswer(prefix: ActionPrefix, command: Command, output: Output): void {
    const failures = failuresOf(output);
    if (record.isEmpty() && !failures.some(isFailure)) return;
    const calls = actionsOf(prefix, command);
    const failed = new Set<string>();
    for (const [index, failure] of failures.entries()) {
      const call = calls[index] ?? calls[0];
      if (!call || !isFailure(failure)) continue;
      failed.add(keyOf(call));
      record.failed(call, new EntryError(codeOf(failure), textOf(failure)));
    }
    for (const call of calls) if (!failed.has(keyOf(call))) record.worked(call);
  }

  function noteError(prefix: ActionPrefix, command: Command, error: Error): void {
    const call = findNamed(actionsOf(prefix, command), error);
    if (call) record.failed(call, error);
  }

  function watched<Client extends { send: unknown }>(prefix: ActionPrefix, client: Client): Client {
    const send: Send = async (command, ...options) => {
      try {
        const output = await (client as unknown as { send: Send }).send(command, ...options);
        noteAnswer(prefix, command, output);
        return output;
      } catch (thrown) {
        noteError(prefix, command, toError(thrown));
        throw thrown;
      }
    };
    return { send } as unknown as Client;
  }

  const { dynamo, eventBridge, sqs, polling, close } = given.aws;
  const aws: AwsClients = {
    dynamo: watched('dynamodb', dynamo),
    eventBridge: watched('events', eventBridge),
    sqs: watched('sqs', sqs),
    polling: watched('sqs', polling),
    close,
  };
  return { ...given, aws, denials: { reasons: record.reasons } };
}
