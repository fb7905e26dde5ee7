import type { QueueCounts } from '@orderflow/platform/aws/queues';
import type { TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';

/** Injection tokens of InfrastructureModule. The configuration's token is its class, ApiEnv. */
export const AWS = Symbol('AWS');
export const LOGGER = Symbol('LOGGER');
export const METRICS = Symbol('METRICS');
export const TRACING = Symbol('TRACING');
export const CLOCK = Symbol('CLOCK');
export const MONOTONIC = Symbol('MONOTONIC');
export const UNREAD_ANSWERS = Symbol('UNREAD_ANSWERS');
export const NAMES = Symbol('NAMES');
export const EXECUTOR = Symbol('EXECUTOR');
export const PUBLISHER = Symbol('PUBLISHER');
export const ORDERS = Symbol('ORDERS');
export const NOTIFICATIONS = Symbol('NOTIFICATIONS');
export const QUEUES = Symbol('QUEUES');

/** ORDERS and NOTIFICATIONS: a table of work items, and its reader. */
export type StoredItems = { table: WorkItemTable; reader: TableReader };

/** QUEUES: both take a queue's name. */
export type Queues = { urlOf: (queue: string) => Promise<string>; count: (queue: string) => Promise<QueueCounts> };
