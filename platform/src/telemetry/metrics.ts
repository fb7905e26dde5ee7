import { readFileSync } from 'node:fs';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client';

/** The metrics of one process. Not prom-client's global registry, which systems under test would share. */
export type Metrics = ReturnType<typeof createMetrics>;

/** All workspaces have the same version. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** @param runtime whether to add Node's own metrics, which observe the whole process */
export function createMetrics(service: string, { runtime = false } = {}) {
  const registry = new Registry();
  const registers = [registry];
  const info = new Gauge({
    name: 'build_info',
    help: 'Always 1. The labels show the service and its versions.',
    labelNames: ['service', 'version', 'node'],
    registers,
  });
  info.set({ service, version: readVersion(), node: process.version }, 1);
  if (runtime) collectDefaultMetrics({ register: registry });

  return {
    counter: <Label extends string>(options: CounterConfiguration<Label>) => new Counter({ ...options, registers }),
    gauge: <Label extends string>(options: GaugeConfiguration<Label>) => new Gauge({ ...options, registers }),
    histogram: <Label extends string>(options: HistogramConfiguration<Label>) =>
      new Histogram({ ...options, registers }),
    /** https://prometheus.io/docs/instrumenting/exposition_formats/ */
    scrape: async (): Promise<{ contentType: string; text: string }> => {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
