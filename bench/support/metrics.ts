/** The rows of the table. `key` is the name in a measurement. */
export type Metric = { key: string; label: string; unit: string; digits: number };

const metric = (key: string, label: string, unit: string, digits: number): Metric => ({ key, label, unit, digits });

export const METRICS: readonly Metric[] = [
  metric('ordersPerSecond', 'accept to COMPLETED, 100 clients', 'orders/s', 0),
  metric('apiCpuMs', 'CPU per order, API', 'ms', 2),
  metric('workerCpuMs', 'CPU per order, worker', 'ms', 2),
  metric('emulatorShare', "emulator's share of a core", '', 2),
  metric('calls1', 'AWS calls per order, 1 client', '', 2),
  metric('calls10', 'AWS calls per order, 10 clients', '', 2),
  metric('calls100', 'AWS calls per order, 100 clients', '', 2),
  metric('costTotal', 'a million orders on AWS', '$', 2),
  metric('costSqs', '  SQS', '$', 2),
  metric('costEventBridge', '  EventBridge', '$', 2),
  metric('costDynamoDb', '  DynamoDB', '$', 2),
  metric('postAloneP50', 'POST, one client, p50', 'ms', 1),
  metric('postAloneP99', 'POST, one client, p99', 'ms', 1),
  metric('post5P50', 'POST at 5 % load, p50', 'ms', 1),
  metric('post5P99', 'POST at 5 % load, p99', 'ms', 1),
  metric('done5P50', 'accept to COMPLETED at 5 %, p50', 'ms', 1),
  metric('done5P99', 'accept to COMPLETED at 5 %, p99', 'ms', 1),
  metric('post50P50', 'POST at 50 % load, p50', 'ms', 1),
  metric('post50P99', 'POST at 50 % load, p99', 'ms', 1),
  metric('done50P50', 'accept to COMPLETED at 50 %, p50', 'ms', 1),
  metric('done50P99', 'accept to COMPLETED at 50 %, p99', 'ms', 1),
  metric('apiRestMb', 'memory at rest, API', 'MB', 0),
  metric('workerRestMb', 'memory at rest, worker', 'MB', 0),
  metric('apiLoadMb', 'memory under load, API', 'MB', 0),
  metric('workerLoadMb', 'memory under load, worker', 'MB', 0),
  metric('drainSeconds', "1,000 queued orders, from the worker's start", 's', 2),
  metric('drainFromReceiveSeconds', '  from its first receive', 's', 2),
];

/** Measured for this system only. */
export const GROWTH_METRICS: readonly (Omit<Metric, 'key'> & { few: string; many: string })[] = [
  { label: 'accept to COMPLETED', unit: 'orders/s', digits: 0, few: 'rate100x1', many: 'rate100000x1' },
  { label: 'calls to the table for a list page', unit: '', digits: 2, few: 'pageCalls100', many: 'pageCalls100000' },
  { label: 'read units for a list page', unit: '', digits: 1, few: 'pageUnits100', many: 'pageUnits100000' },
  {
    label: 'index queries of an idle minute, one sweep per 0.5 s',
    unit: '',
    digits: 0,
    few: 'idleQueries100',
    many: 'idleQueries100000',
  },
  { label: 'read units of the same', unit: '', digits: 0, few: 'idleUnits100', many: 'idleUnits100000' },
];
