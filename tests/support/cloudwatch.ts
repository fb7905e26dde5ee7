/** Reads the metrics that infrastructure/alarms.yaml and infrastructure/scaling.yaml use. */
import { resolveTemplate } from './resolve-template.js';
import { readProjectFile, SERVICES_PARAMETERS } from './services-stack.js';

const { Stage } = SERVICES_PARAMETERS;

/** A metric and its place. */
export type Metric = { where: string; namespace: string; name: string; dimensions: Record<string, string> };

type Dimensions = { Name: string; Value: string }[];
type Stat = { Metric: { Namespace: string; MetricName: string; Dimensions?: Dimensions } };
export type Query = { Id: string; Expression?: string; ReturnData?: boolean; MetricStat?: Stat };
type Simple = { Namespace?: string; MetricName?: string; Dimensions?: Dimensions };
export type Alarm = Simple & {
  AlarmName: string;
  AlarmDescription: string;
  Metrics?: Query[];
  Period?: number;
  Threshold: number;
  EvaluationPeriods: number;
  ComparisonOperator: string;
  TreatMissingData: string;
  AlarmActions: string[];
  OKActions: string[];
};
export type Policy = {
  ScalingTargetId: string;
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: string;
    ScaleInCooldown: number;
    ScaleOutCooldown: number;
    CustomizedMetricSpecification?: { Metrics: Query[] };
    PredefinedMetricSpecification?: { PredefinedMetricType: string; ResourceLabel?: string };
  };
};
export type Widget = {
  type: string;
  properties: { title: string; alarms?: string[]; metrics?: (string | { label: string })[][] };
};

export function readStack(file: 'alarms' | 'scaling', parameters: Record<string, string> = {}) {
  const template = resolveTemplate(readProjectFile(`infrastructure/${file}.yaml`), { Stage, ...parameters });
  const ofType = <T>(type: string): Record<string, T> =>
    Object.fromEntries(
      Object.entries(template.resources)
        .filter(([, { Type }]) => Type === type)
        .map(([id, { Properties }]) => [id, Properties as T]),
    );
  return { ...template, ofType };
}

const metric = (where: string, namespace: string, name: string, dimensions: Dimensions = []): Metric => ({
  where,
  namespace,
  name,
  dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
});

const metricsOfQueries = (where: string, queries: Query[]): Metric[] =>
  queries.flatMap(({ MetricStat }) =>
    MetricStat
      ? [metric(where, MetricStat.Metric.Namespace, MetricStat.Metric.MetricName, MetricStat.Metric.Dimensions)]
      : [],
  );

export function metricsOfAlarm(id: string, { Namespace, MetricName, Dimensions, Metrics = [] }: Alarm): Metric[] {
  const simple = Namespace && MetricName ? [metric(id, Namespace, MetricName, Dimensions)] : [];
  return [...simple, ...metricsOfQueries(id, Metrics)];
}

export const metricsOfPolicy = (id: string, policy: Policy): Metric[] =>
  metricsOfQueries(id, policy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification?.Metrics ?? []);

export function metricsOfWidget({ properties: { title, metrics = [] } }: Widget): Metric[] {
  return metrics.map((row) => {
    const [namespace = '', name = '', ...pairs] = row.filter((part) => typeof part === 'string');
    const dimensions = pairs.flatMap((Name, at) => (at % 2 === 0 ? [{ Name, Value: pairs[at + 1] ?? '' }] : []));
    return metric(title, namespace, name, dimensions);
  });
}

/** Metrics that an expression names but nobody defines, and those that it does not use. */
export function mistakesIn(queries: Query[]): string[] {
  const [result, ...others] = queries.filter(({ Expression }) => Expression !== undefined);
  const expression = result?.Expression ?? '';
  const named = new Set(expression.match(/\b[a-z]\w*/g));
  const defined = queries.flatMap(({ Id, MetricStat }) => (MetricStat ? [Id] : []));
  return [
    ...others.map(({ Id }) => `a second result: ${Id}`),
    ...(result?.ReturnData === false ? ['no result'] : []),
    ...queries.flatMap(({ Id, MetricStat, ReturnData }) =>
      MetricStat && ReturnData !== false ? [`shown: ${Id}`] : [],
    ),
    ...[...named].filter((id) => !defined.includes(id)).map((id) => `not defined: ${id}`),
    ...defined.filter((id) => !named.has(id)).map((id) => `not used: ${id}`),
  ];
}
