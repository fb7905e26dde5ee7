/** Takes one rule after the other from a policy, and finds out which flow notices. */
import { eventually } from '@orderflow/testing/eventually';
import { toError } from '@orderflow/platform/runtime/errors';
import type { Service } from '../../../tools/local/embedded.mjs';
import { evaluate, type Rule } from './evaluate.js';
import { VISIBILITY_TIMEOUT_SECONDS, type GatedStage, type GatedSystem } from './gated-system.js';
import { OPERATOR_FLOWS } from './operator-flows.js';
import { SERVICE_FLOWS, VisibleFailure, type Flow, type ServiceFlow } from './service-flows.js';

/** `by` is absent if no flow noticed. */
export type Notice = { rule: string; by?: string };

/** How long a flow may still succeed after the gate has refused a call of it. */
const PATIENCE_MS = 2_000;
/** A late retry shows only after the visibility timeout. */
const PATIENCE_WITH_RETRIES_MS = (VISIBILITY_TIMEOUT_SECONDS + 10) * 1_000;
/** Until the gate refuses a call, and until everything is done after the rule is back. */
const WITHIN_MS = 60_000;

/** The first flow whose pattern matches a rule's name is the one that needs it. */
type Needs<Name extends string> = readonly (readonly [pattern: RegExp, flow: Name])[];

const SERVICE_NEEDS: Readonly<Record<Service, Needs<ServiceFlow>>> = {
  'api-gateway': [
    [/PartiQLInsert .*-orders$/, 'an order completes'],
    [/PartiQLInsert .*-notifications$/, 'a notification is sent'],
    [/PartiQLUpdate .*-orders$/, 'a failed order is replayed'],
    [/PartiQLUpdate .*-notifications$/, 'a lost NotificationRequested'],
    [/-orders\/index\/outbox$/, 'a lost OrderCreated'],
    [/-notifications\/index\/outbox$/, 'a lost NotificationRequested'],
    [/BatchGetItem|Query/, 'lists, timeline and stream'],
    [/detail-type=OrderCreated$/, 'an order completes'],
    [/detail-type=NotificationRequested$/, 'a notification is sent'],
    [/detail-type=OrderCompleted$/, 'a lost OrderCompleted'],
    [/detail-type=OrderFailed$/, 'a lost OrderFailed'],
    [/sqs:GetQueue/, 'the system page'],
    [/ReceiveMessage/, 'the dead-letter page'],
    [/^/, 'api-gateway is ready'],
  ],
  'order-worker': [
    [/GetItem/, 'order-worker is ready'],
    [/detail-type=OrderFailed$/, 'an order fails'],
    [/PartiQL|PutEvents|ReceiveMessage|DeleteMessage/, 'an order completes'],
    [/ChangeMessageVisibility/, 'an order is retried'],
    [/SendMessage/, 'an order is dead-lettered'],
    [/^/, 'order-worker is ready'],
  ],
  'notification-worker': [
    [/:GetItem/, 'notification-worker is ready'],
    [/PartiQL|BatchGetItem|PutEvents|ReceiveMessage|DeleteMessage/, 'an order completes'],
    [/ChangeMessageVisibility/, 'a notification is retried'],
    [/SendMessage/, 'a notification is dead-lettered'],
    [/^/, 'notification-worker is ready'],
  ],
};

const OPERATOR_NEEDS: Needs<string> = [
  [/cloudformation:|dynamodb:Describe|ecs:DescribeServices/, 'doctor --aws'],
  [/ecs:/, 'doctor --aws, with grants of an administrator'],
  [/BatchGetItem .*-orders$|by-time/, 'tail'],
  [/by-customer|PartiQLDelete/, 'erase'],
  [/:GetItem .*-orders$|by-order|BatchGetItem/, 'order ID'],
  [/(PartiQLUpdate .*-orders|=OrderCreated)$/, 'order replay ID'],
  [/GetItem .*-notifications|(PartiQLUpdate .*-notifications|=NotificationRequested)$/, 'notification replay ID'],
  [/SendMessage .*order-queue$/, 'dlq replay --queue orders'],
  [/SendMessage .*notification-queue$/, 'dlq replay --queue notifications'],
  [/DeleteMessage .*order-queue-dlq$/, 'dlq drop --queue orders'],
  [/DeleteMessage .*notification-queue-dlq$/, 'dlq drop --queue notifications'],
  [/DeleteMessage .*undelivered$/, 'dlq drop --queue undelivered'],
  [/(ReceiveMessage|ChangeMessageVisibility) .*order-queue-dlq$/, 'dlq list --queue orders'],
  [/(ReceiveMessage|ChangeMessageVisibility) .*notification-queue-dlq$/, 'dlq list --queue notifications'],
  [/(ReceiveMessage|ChangeMessageVisibility) .*undelivered$/, 'dlq list --queue undelivered'],
  [/^/, 'status'],
];

function flowFor<Name extends string>(needs: Needs<Name>, rule: Rule): Name {
  const found = needs.find(([pattern]) => pattern.test(rule.name));
  if (!found) throw new Error(`no flow is known to need ${rule.name}`);
  return found[1];
}

type Removal<Gated extends GatedStage> = {
  gated: Gated;
  principal: string;
  rule: Rule;
  flow: readonly [name: string, Flow<Gated>];
  /** Makes the principal forget what it has cached. */
  restart?: (() => Promise<void>) | undefined;
};

/** Answers to these are kept, forever or for seconds, and a poll may be under way. */
const CACHED = /GetQueueUrl|ReceiveMessage|is ready$|page$/;
const KEPT = /is ready$|page$/;
const RETRIED = 'is retried';

/** A failure is shown if it says so, or if the flow has not ended after a while. */
async function untilShown(name: string, end: () => Promise<unknown>): Promise<string | undefined> {
  const look = async (): Promise<{ shown?: string } | undefined> => {
    try {
      return (await end()) ? {} : undefined;
    } catch (error) {
      if (error instanceof VisibleFailure) return { shown: error.message };
      throw error;
    }
  };
  try {
    return (await eventually(look, name, name.endsWith(RETRIED) ? PATIENCE_WITH_RETRIES_MS : PATIENCE_MS)).shown;
  } catch (error) {
    return toError(toError(error).cause ?? error).message;
  }
}

/**
 * Runs a flow without the rule. The flow must fail after the gate has refused a call for lack of that rule, and go on to
 * its end when the rule is back: that the machine was slow is no notice, and a missing permission must lose nothing.
 */
async function remove<Gated extends GatedStage>({ gated, principal, rule, ...how }: Removal<Gated>): Promise<Notice> {
  const { gate } = gated;
  const [name, flow] = how.flow;
  const rules = gate.rulesOf(principal);
  const refusedBefore = gate.refusals().length;
  const isRefused = (): boolean =>
    gate
      .refusals()
      .slice(refusedBefore)
      .some((refusal) => refusal.principal === principal && evaluate([rule], refusal.needs).allowed);
  const without = rules.filter((other) => other !== rule);
  gate.setRules(principal, without);
  let end: (() => Promise<unknown>) | undefined;
  let failed: string | undefined;
  try {
    await how.restart?.();
    try {
      end = await flow(gated);
    } catch (error) {
      failed = toError(error).message;
    }
    const asked = end;
    if (asked) {
      const look = async () => isRefused() || Boolean(await asked().catch(() => false));
      await eventually(look, `a refused call, or the end of: ${name}`, WITHIN_MS);
      failed = await untilShown(name, asked);
    }
  } finally {
    gate.setRules(principal, rules);
  }
  if (failed === undefined || !isRefused()) return { rule: rule.name };
  // A late retry stays late. What is kept for seconds is new in the next process.
  if (end && !KEPT.test(name) && !name.endsWith(RETRIED))
    await eventually(end, `${name}, after the return of ${rule.name},`, WITHIN_MS);
  return { rule: rule.name, by: `${name}: ${failed.slice(0, 160)}` };
}

/** Starts the service without waiting until it is ready, which it may never be. */
async function restartService({ system }: GatedSystem, service: Service): Promise<void> {
  const [instance] = system.instances(service);
  if (!instance) throw new Error(`there is no ${service}`);
  await instance.down('SIGKILL');
  void instance.start().catch(() => undefined);
  const live = `http://127.0.0.1:${instance.port}/health/live`;
  await eventually(async () => (await fetch(live)).ok, `${service} alive`, WITHIN_MS);
}

/** Removes each rule of the service, one after the other. */
export async function removeEachOf(gated: GatedSystem, service: Service): Promise<Notice[]> {
  const notices: Notice[] = [];
  for (const rule of gated.gate.rulesOf(service)) {
    const name = flowFor(SERVICE_NEEDS[service], rule);
    const restart = CACHED.test(`${rule.name} ${name}`) ? () => restartService(gated, service) : undefined;
    const flow = [name, SERVICE_FLOWS[name]] as const;
    notices.push(await remove<GatedSystem>({ gated, principal: service, rule, flow, restart }));
  }
  return notices;
}

/** Removes each rule of the operator, one after the other. Each command starts with new clients. */
export async function removeEachOfOperator(gated: GatedStage): Promise<Notice[]> {
  const notices: Notice[] = [];
  for (const rule of gated.gate.rulesOf('operator')) {
    const name = flowFor(OPERATOR_NEEDS, rule);
    const flow = [name, OPERATOR_FLOWS[name] as Flow<GatedStage>] as const;
    notices.push(await remove({ gated, principal: 'operator', rule, flow }));
  }
  return notices;
}
