import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

const root = new URL('../../observability/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** A PromQL expression and its place. */
export type Query = { where: string; expression: string; legend?: string };

type Dashboard = { title: string; panels: { title: string; targets: { expr: string; legendFormat: string }[] }[] };
type Rules = { groups: { rules: { alert: string; expr: string }[] }[] };

export function dashboardQueries(): Query[] {
  const folder = 'grafana/dashboards/';
  return readdirSync(new URL(folder, root)).flatMap((file) => {
    const { title, panels } = JSON.parse(read(`${folder}${file}`)) as Dashboard;
    return panels.flatMap((panel) =>
      panel.targets.map(({ expr: expression, legendFormat: legend }) => ({
        where: `${title}: ${panel.title}`,
        expression,
        legend,
      })),
    );
  });
}

export function alertQueries(): Query[] {
  const { groups } = parse(read('prometheus/alerts.yml')) as Rules;
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expression: expr })));
}

/** The names of Prometheus's targets. */
export function scrapeJobs(): string[] {
  const config = parse(read('prometheus/prometheus.yml')) as { scrape_configs: { job_name: string }[] };
  return config.scrape_configs.map(({ job_name: job }) => job);
}

/** How often the rule tests expect each alert to fire and to stay silent. */
export function testedAlerts(): Record<string, { fires: number; quiet: number }> {
  type Tests = { tests: { alert_rule_test: { alertname: string; exp_alerts?: object[] }[] }[] };
  const { tests } = parse(read('prometheus/alerts.test.yml')) as Tests;
  const counts: Record<string, { fires: number; quiet: number }> = {};
  for (const { alertname, exp_alerts: expected = [] } of tests.flatMap((test) => test.alert_rule_test)) {
    const count = (counts[alertname] ??= { fires: 0, quiet: 0 });
    if (expected.length > 0) count.fires += 1;
    else count.quiet += 1;
  }
  return counts;
}
