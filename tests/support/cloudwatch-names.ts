/** The metrics of AWS that the project uses, and what their dimensions may name in a stage. */
import { queueNames, resourceNames, rulesOf } from '@orderflow/contracts';
import { workItemTables } from '@orderflow/domain/work-item-tables';
import * as yaml from 'yaml';
import { readResources } from '../../tools/template.mjs';
import type { Metric } from './cloudwatch.js';
import { readProjectFile, readServicesStack, SERVICES_PARAMETERS } from './services-stack.js';

const { Stage } = SERVICES_PARAMETERS;
export const names = resourceNames(Stage);
export const tables = Object.values(workItemTables(names)).map(({ name }) => name);

const services = readServicesStack();
const [cluster] = services.ofType<{ ClusterName: string }>('AWS::ECS::Cluster');
export const ecsServices = services
  .ofType<{ ServiceName: string }>('AWS::ECS::Service')
  .map(({ ServiceName }) => ServiceName);
export const clusterName = cluster?.ClusterName ?? '';
export const exported = (output: string) => services.outputs[output]?.Export?.Name ?? '';

type Table = { TableName: string; GlobalSecondaryIndexes: { IndexName: string }[] };
const deployment = { parameters: { Stage }, region: 'us-east-1', account: '000000000000' };
const topology = readResources(readProjectFile('infrastructure/template.yaml'), deployment, yaml);
/** The indexes of each table. */
export const indexes = Object.fromEntries(
  (topology.tables as Table[]).map((table) => [
    table.TableName,
    table.GlobalSecondaryIndexes.map(({ IndexName }) => IndexName),
  ]),
);

/** For each set of dimensions, the metrics that AWS reports with it. */
const METRICS: Record<string, Record<string, string[]>> = {
  'AWS/SQS': {
    QueueName: [
      ...['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
      ...['ApproximateNumberOfMessagesNotVisible', 'NumberOfEmptyReceives', 'NumberOfMessagesReceived'],
      ...['NumberOfMessagesSent', 'NumberOfMessagesDeleted'],
    ],
  },
  'AWS/DynamoDB': {
    TableName: [
      ...['ReadThrottleEvents', 'WriteThrottleEvents', 'ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits'],
    ],
    'GlobalSecondaryIndexName TableName': ['ReadThrottleEvents', 'WriteThrottleEvents'],
    'Operation TableName': ['SystemErrors'],
  },
  'AWS/Events': {
    '': ['PutEventsApproximateThrottledCount'],
    'EventBusName RuleName': ['FailedInvocations', 'InvocationsFailedToBeSentToDlq', 'MatchedEvents', 'ThrottledRules'],
  },
  'AWS/ApplicationELB': {
    LoadBalancer: [
      ...['RequestCount', 'TargetResponseTime', 'HTTPCode_ELB_5XX_Count'],
      ...['HTTPCode_Target_5XX_Count', 'HTTPCode_Target_4XX_Count'],
    ],
    'LoadBalancer TargetGroup': ['HealthyHostCount', 'UnHealthyHostCount'],
  },
  'AWS/ECS': { 'ClusterName ServiceName': ['CPUUtilization', 'MemoryUtilization'] },
  'ECS/ContainerInsights': { 'ClusterName ServiceName': ['RunningTaskCount', 'DesiredTaskCount'] },
};

function valuesOf(dimension: string, { TableName = '' }: Metric['dimensions']): readonly string[] {
  const values: Record<string, readonly string[]> = {
    QueueName: queueNames(names),
    TableName: tables,
    GlobalSecondaryIndexName: indexes[TableName] ?? [],
    Operation: ['BatchExecuteStatement', 'ExecuteStatement', 'GetItem', 'BatchGetItem', 'Query'],
    EventBusName: [names.bus],
    RuleName: rulesOf(names).map(({ rule }) => rule),
    LoadBalancer: [exported('LoadBalancerFullName')],
    TargetGroup: [exported('TargetGroupFullName')],
    ClusterName: [clusterName],
    ServiceName: ecsServices,
  };
  return values[dimension] ?? [];
}

/** What is wrong with the names of a metric. */
export function misspellings({ where, namespace, name, dimensions }: Metric): string[] {
  const set = Object.keys(dimensions).sort().join(' ');
  const isKnown = METRICS[namespace]?.[set]?.includes(name) ?? false;
  return [
    ...(isKnown ? [] : [`${where}: ${namespace} ${name} by ${set || 'nothing'}`]),
    ...Object.entries(dimensions)
      .filter(([dimension, value]) => !valuesOf(dimension, dimensions).includes(value))
      .map(([dimension, value]) => `${where}: ${dimension} ${value}`),
  ];
}
