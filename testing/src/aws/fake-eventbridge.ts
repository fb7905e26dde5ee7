import { randomUUID } from 'node:crypto';
import type {
  DescribeEventBusCommandInput,
  DescribeRuleCommandInput,
  EventBridgeClient,
  ListTargetsByRuleCommandInput,
  PutEventsCommandInput,
  PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { EventBridgeServiceException, ResourceNotFoundException } from '@aws-sdk/client-eventbridge';
import type { Clock } from '@orderflow/platform/runtime/clock';
import { arnOf, queueArnOf, queueUrlOf } from './arns.js';
import { serviceErrorOptions } from './aws-errors.js';
import { eventJson, rejectionOf, sizeOf } from './event-entries.js';
import { createFakeClient, type FakeClient } from './fake-client.js';

export type RuleSettings = {
  name: string;
  eventBusName: string;
  detailTypes: readonly string[];
  /** Exact sources or prefixes. Absent: any source matches. */
  sources?: readonly (string | { prefix: string })[];
  queueUrl: string;
};

type Inputs = {
  PutEvents: PutEventsCommandInput;
  DescribeEventBus: DescribeEventBusCommandInput;
  DescribeRule: DescribeRuleCommandInput;
  ListTargetsByRule: ListTargetsByRuleCommandInput;
};

export type FakeEventBridge = FakeClient<EventBridgeClient, Inputs> & {
  /** Accepts the next `times` events but does not deliver them: EventBridge answers before it delivers. */
  loseNext(times?: number): void;
  /** Changes a rule as an operator would by hand. */
  changeRule(name: string, change: RuleChange): void;
};

type RuleChange = { state?: 'ENABLED' | 'DISABLED'; targets?: readonly string[] };

type Options = {
  eventBuses: readonly string[];
  rules: readonly RuleSettings[];
  /** Delivers an event to the queue of a rule. */
  deliver: (queueUrl: string, body: string) => void;
  now?: Clock;
};

const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;

function invalid(message: string): Error {
  return new EventBridgeServiceException(serviceErrorOptions('ValidationException', message));
}

function notFound(message: string): Error {
  return new ResourceNotFoundException(serviceErrorOptions('ResourceNotFoundException', message));
}

function matches({ detailTypes, sources }: RuleSettings, entry: PutEventsRequestEntry): boolean {
  const source = entry.Source ?? '';
  return (
    detailTypes.includes(entry.DetailType ?? '') &&
    (sources?.some((wanted) => (typeof wanted === 'string' ? wanted === source : source.startsWith(wanted.prefix))) ??
      true)
  );
}

export function createFakeEventBridge({ eventBuses, rules, deliver, now = Date.now }: Options): FakeEventBridge {
  let toLose = 0;
  const changes = new Map<string, RuleChange>();

  const stateOf = ({ name }: RuleSettings) => changes.get(name)?.state ?? 'ENABLED';
  const targetsOf = ({ name, queueUrl }: RuleSettings) =>
    changes.get(name)?.targets ?? [queueUrl.split('/').at(-1) ?? ''];

  function acceptEvent(entry: PutEventsRequestEntry): { EventId: string } {
    const id = randomUUID();
    if (toLose > 0) {
      toLose -= 1;
      return { EventId: id };
    }
    // As in EventBridge, an unknown bus or an event that no rule matches causes no error.
    for (const rule of rules) {
      if (rule.eventBusName !== (entry.EventBusName ?? 'default') || !matches(rule, entry)) continue;
      if (stateOf(rule) !== 'ENABLED') continue;
      for (const target of targetsOf(rule)) deliver(queueUrlOf(target), eventJson(id, entry, now()));
    }
    return { EventId: id };
  }

  function checkBus(name = 'default'): string {
    if (!eventBuses.includes(name)) throw notFound(`Event bus ${name} does not exist.`);
    return name;
  }

  function findRule(name: string | undefined, busName: string | undefined): RuleSettings {
    const bus = checkBus(busName);
    const rule = rules.find((candidate) => candidate.name === name && candidate.eventBusName === bus);
    if (!rule) throw notFound(`Rule ${name ?? ''} does not exist on EventBus ${bus}.`);
    return rule;
  }

  const client = createFakeClient<EventBridgeClient, Inputs>({
    PutEvents: {
      parameters: ['Entries'],
      run: ({ Entries: entries = [] }, { takeEntryFault }) => {
        if (entries.length < 1 || entries.length > MAX_ENTRIES) {
          throw invalid(`A call holds 1 to ${MAX_ENTRIES} entries, not ${entries.length}`);
        }
        if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_BYTES) {
          throw invalid('Total size of the entries in the request is over the limit.');
        }
        const results = entries.map((entry) => {
          const fault = takeEntryFault();
          if (fault !== undefined) return { ErrorCode: fault, ErrorMessage: 'planned by the test' };
          return rejectionOf(entry) ?? acceptEvent(entry);
        });
        return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
      },
    },
    DescribeEventBus: {
      parameters: ['Name'],
      run: ({ Name: name }) => {
        const bus = checkBus(name);
        return { Name: bus, Arn: arnOf('events', `event-bus/${bus}`) };
      },
    },
    DescribeRule: {
      parameters: ['Name', 'EventBusName'],
      run: (input) => {
        const rule = findRule(input.Name, input.EventBusName);
        return {
          Name: rule.name,
          Arn: arnOf('events', `rule/${rule.eventBusName}/${rule.name}`),
          EventPattern: JSON.stringify({
            ...(rule.sources === undefined ? {} : { source: rule.sources }),
            'detail-type': rule.detailTypes,
          }),
          State: stateOf(rule),
          EventBusName: rule.eventBusName,
        };
      },
    },
    ListTargetsByRule: {
      parameters: ['Rule', 'EventBusName'],
      run: (input) => {
        const rule = findRule(input.Rule, input.EventBusName);
        return { Targets: targetsOf(rule).map((target) => ({ Id: target, Arn: queueArnOf(target) })) };
      },
    },
  });

  return {
    ...client,
    loseNext: (times = 1) => {
      toLose += times;
    },
    changeRule: (name, change) => {
      changes.set(name, { ...changes.get(name), ...change });
    },
  };
}
