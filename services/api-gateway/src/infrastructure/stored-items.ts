import { Injectable } from '@nestjs/common';
import { notificationsTable } from '@orderflow/domain/notifications/notifications-table';
import type { OrderRecord } from '@orderflow/domain/orders/order';
import { ordersTable } from '@orderflow/domain/orders/orders-table';
import { isOrderRecord } from '@orderflow/domain/readable-item';
import { createTableReader, type Projection, type TableReader } from '@orderflow/platform/dynamodb/table-reader';
import type { WorkItemTable } from '@orderflow/platform/work-item/work-item';
import { ApiEnv } from '../config.js';
import { maySee, type Caller } from '../identity/caller.js';
import { ApiProblem } from '../http/problems/api-problem.js';
import { AwsClients, ResourceNames } from './tokens.js';

/** A table of work items, and its reader. */
export type StoredItems = { readonly table: WorkItemTable; readonly reader: TableReader };

@Injectable()
export class Orders implements StoredItems {
  readonly table;
  readonly reader;

  constructor({ dynamo }: AwsClients, names: ResourceNames, config: ApiEnv) {
    const { NOTIFY_ON_ORDER_OUTCOME: notifies, RETENTION_DAYS: retentionDays } = config;
    this.table = ordersTable(names, { notifies, retentionDays });
    this.reader = createTableReader(dynamo, this.table);
  }

  /**
   * The stored order, or the projected attributes.
   * @param projection with `customerId`, which decides whether the caller may see the order
   * @throws ApiProblem ORDER_NOT_FOUND; an order of another customer is no different from one that does not exist
   */
  async get(caller: Caller, orderId: string, projection?: Projection): Promise<Record<string, unknown>> {
    const record = await this.reader.get(orderId, projection);
    if (!record || !maySee(caller, record.customerId))
      throw new ApiProblem('ORDER_NOT_FOUND', 'There is no order with this id.');
    return record;
  }

  /** @throws ApiProblem ORDER_NOT_FOUND; Error when the stored item is malformed */
  async getRecord(caller: Caller, orderId: string): Promise<OrderRecord> {
    const record = await this.get(caller, orderId);
    if (!isOrderRecord(record)) throw new Error(`the stored order ${orderId} is malformed`);
    return record;
  }
}

@Injectable()
export class Notifications implements StoredItems {
  readonly table;
  readonly reader;

  constructor({ dynamo }: AwsClients, names: ResourceNames, { RETENTION_DAYS: retentionDays }: ApiEnv) {
    this.table = notificationsTable(names, { retentionDays });
    this.reader = createTableReader(dynamo, this.table);
  }
}
