import { BUS, QUEUES, TABLES, UNDELIVERED } from './topology.js';

/** A stage prefixes every resource name, so that several systems can live in one account. */
export const STAGE_PATTERN = /^[a-z][a-z0-9-]{0,19}$/;

export type Table = (typeof TABLES)[number];

/** A work queue, under the name that operators use. */
export type WorkQueue = keyof typeof QUEUES;
export const WORK_QUEUES = Object.keys(QUEUES) as WorkQueue[];

type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text;
type Stem = (typeof QUEUES)[WorkQueue]['name'] extends `${infer S}-queue` ? S : never;
type Rule = { [Queue in WorkQueue]: keyof (typeof QUEUES)[Queue]['rules'] }[WorkQueue];

/** For example `ordersTable`, `orderQueue`, `orderDeadLetterQueue` and `orderCreatedRule`. */
export type ResourceNames = Readonly<
  Record<
    | 'bus'
    | 'undeliveredQueue'
    | `${Table}Table`
    | `${Camel<Stem>}Queue`
    | `${Camel<Stem>}DeadLetterQueue`
    | `${Camel<Rule>}Rule`,
    string
  >
>;

const camelCase = (text: string): string => text.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
const propertyOf = (queue: WorkQueue) => camelCase(QUEUES[queue].name) as `${Camel<Stem>}Queue`;
const deadLetterPropertyOf = (queue: WorkQueue) =>
  propertyOf(queue).replace(/Queue$/, 'DeadLetterQueue') as `${Camel<Stem>}DeadLetterQueue`;

/** The names that infrastructure/template.yaml gives the resources of topology.js in a stage. */
export function resourceNames(stage: string): ResourceNames {
  const names = [
    ...TABLES.map((table) => [`${table}Table`, table]),
    ['bus', BUS],
    ...WORK_QUEUES.flatMap((queue) => [
      [propertyOf(queue), QUEUES[queue].name],
      [deadLetterPropertyOf(queue), `${QUEUES[queue].name}-dlq`],
      ...Object.keys(QUEUES[queue].rules).map((rule) => [`${camelCase(rule)}Rule`, rule]),
    ]),
    ['undeliveredQueue', UNDELIVERED],
  ] as const;
  return Object.fromEntries(names.map(([property, name]) => [property, `${stage}-${name}`])) as ResourceNames;
}

/** The names of a work queue and of its dead-letter queue in a stage. */
export function workQueueNames(names: ResourceNames, queue: WorkQueue): { name: string; deadLetterName: string } {
  return { name: names[propertyOf(queue)], deadLetterName: names[deadLetterPropertyOf(queue)] };
}

/** Every queue of a stage: the work queues with their dead-letter queues, then the queue of undelivered events. */
export function queuesOf(names: ResourceNames) {
  const pairs = WORK_QUEUES.map((queue) => workQueueNames(names, queue));
  return [
    ...pairs.flatMap(({ name, deadLetterName }) => [
      { name, role: 'work' as const },
      { name: deadLetterName, role: 'dead-letter' as const },
    ]),
    { name: names.undeliveredQueue, role: 'undelivered' as const },
  ];
}

/** The rules of the bus, each with the queue that it feeds. */
export function rulesOf(names: ResourceNames): { rule: string; queue: string }[] {
  return WORK_QUEUES.flatMap((queue) =>
    Object.keys(QUEUES[queue].rules).map((rule) => ({
      rule: names[`${camelCase(rule)}Rule` as `${Camel<Rule>}Rule`],
      queue: names[propertyOf(queue)],
    })),
  );
}

export function queueNames(names: ResourceNames): string[] {
  return queuesOf(names).map(({ name }) => name);
}

/** Secondary indexes; all of them project keys only. */
export const INDEXES = {
  outbox: 'outbox',
  byCustomer: 'by-customer',
  byTime: 'by-time',
  byOrder: 'by-order',
} as const;
