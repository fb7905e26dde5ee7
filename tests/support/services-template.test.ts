/** The tasks of infrastructure/services.yaml are the containers of Compose. */
import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@orderflow/contracts';
import * as yaml from 'yaml';
import { COLLECTOR_IMAGE, environmentOf, readProjectFile, readServicesStack } from './services-stack.js';

type Composed = {
  environment: Record<string, string | null>;
  read_only: boolean;
  init: boolean;
  cap_drop: string[];
  mem_limit: string;
  stop_grace_period: string;
};

const services = Object.keys(SERVICES) as (keyof typeof SERVICES)[];
const stack = readServicesStack();
const { services: compose } = yaml.parse(readProjectFile('compose.yaml'), { merge: true }) as {
  services: Record<string, Composed>;
};

const dockerfileOf = (service: string) => (service === 'api-gateway' ? 'Dockerfile.api' : 'Dockerfile.worker');

/** What a Dockerfile says about its last stage. */
function imageOf(dockerfile: string) {
  const text = readProjectFile(dockerfile).replaceAll('\\\n', '');
  const [, options = '', command = ''] = /^HEALTHCHECK (.*) CMD (\[.*\])$/m.exec(text) ?? [];
  const seconds = (name: string) => Number(new RegExp(`--${name}=(\\d+)s`).exec(options)?.[1]);
  const [, variables = ''] = /^ENV (NODE_ENV.*)$/m.exec(text) ?? [];
  return {
    user: /^USER (\w+)$/m.exec(text)?.[1],
    environment: Object.fromEntries(variables.split(' ').map((pair) => pair.split('=') as [string, string])),
    healthCheck: {
      Command: ['CMD', ...(JSON.parse(command) as string[])],
      StartPeriod: seconds('start-period'),
      Interval: seconds('interval'),
      Timeout: seconds('timeout'),
      Retries: Number(/--retries=(\d+)/.exec(options)?.[1]),
    },
  };
}

async function configOf(service: string, environment: NodeJS.ProcessEnv) {
  const { loadConfig } = (await import(`../../services/${service}/src/config.js`)) as {
    loadConfig: (env: NodeJS.ProcessEnv) => Record<string, unknown>;
  };
  // Without AUTH_MODE, the API refuses the HOST of the image.
  return loadConfig({ ...imageOf(dockerfileOf(service)).environment, ...environment, HOST: '127.0.0.1' });
}

it('there is a task and an ECS service for each service, and no other', () => {
  expect(stack.tasks.map(({ ContainerDefinitions: [container] }) => container?.Name)).toEqual(services);
  expect(stack.ofType<{ ServiceName: string }>('AWS::ECS::Service').map((one) => one.ServiceName)).toEqual(services);
});

it('the template fits into one call of CloudFormation', () => {
  expect(Buffer.byteLength(readProjectFile('infrastructure/services.yaml'))).toBeLessThanOrEqual(51_200);
});

it('every parameter with a pattern says in words what it accepts', () => {
  const patterns = Object.entries(stack.parameters).filter(([, { AllowedPattern }]) => AllowedPattern !== undefined);
  const silent = patterns.filter(
    ([, { ConstraintDescription }]) => !(ConstraintDescription ?? '').startsWith('must be '),
  );
  expect(silent).toEqual([]);
});

describe.each(services)('the task of %s', (service) => {
  const { task, container, environment } = stack.taskOf(service);
  const composed = compose[service];
  const image = imageOf(dockerfileOf(service));
  if (!composed) throw new Error(`Compose has no ${service}`);

  it('is confined as in Compose and its image', () => {
    expect(container.User).toBe(image.user);
    expect(container.ReadonlyRootFilesystem).toBe(composed.read_only);
    expect(container.LinuxParameters.InitProcessEnabled).toBe(composed.init);
    expect(container.LinuxParameters.Capabilities.Drop).toEqual(composed.cap_drop);
    expect(`${container.Memory}m`).toBe(composed.mem_limit);
  });

  it('has the health check of its image, but asks whether the service is alive', () => {
    const { Command, ...times } = image.healthCheck;
    expect(container.HealthCheck).toEqual({
      ...times,
      Command: Command.map((part) => part.replace('/health/ready', '/health/live')),
    });
    expect(Command.join(' ')).toContain('/health/ready');
  });

  it('may take longer to stop than a drain takes, as in Compose', async () => {
    const { SHUTDOWN_TIMEOUT_MS } = await configOf(service, environment);
    expect(`${container.StopTimeout}s`).toBe(composed.stop_grace_period);
    expect(container.StopTimeout * 1_000).toBeGreaterThan(Number(SHUTDOWN_TIMEOUT_MS));
  });

  it('never waits for its log, which has a buffer that fits into the memory left by the containers', () => {
    const { ContainerDefinitions, Memory } = readServicesStack({ CollectorImage: COLLECTOR_IMAGE }).taskOf(
      service,
    ).task;
    const { mode, 'max-buffer-size': buffer = '' } = container.LogConfiguration.Options;
    const left = Number(Memory) - ContainerDefinitions.reduce((sum, one) => sum + one.Memory, 0);
    expect(mode).toBe('non-blocking');
    expect(buffer).toMatch(/^\d+m$/);
    expect(Number.parseInt(buffer)).toBeLessThan(left);
  });

  it('gets every variable that Compose sets, except those for an emulator or a laptop', () => {
    const set = Object.keys(composed.environment).filter((name) => composed.environment[name]);
    const forLaptops = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'SQS_WAIT_TIME_SECONDS'];
    // Nothing can connect to a worker, so the live page does not show them.
    const ofTheApi = ['PUBLISHED_ON_LOOPBACK', 'WORKER_URLS'];
    const missing = set.filter((name) => !(name in environment));
    expect(missing.filter((name) => ![...forLaptops, ...ofTheApi].includes(name))).toEqual([]);
    expect(forLaptops.filter((name) => name in environment)).toEqual([]);
  });

  it('passes on what its service reads, with the documented defaults', async () => {
    const config = await configOf(service, environment);
    const defaults = await configOf(service, { STAGE: 'shop' });
    const changed = Object.keys(config).filter((name) => config[name] !== defaults[name]);
    const meant = ['OTEL_TRACES_SAMPLER_ARG'];
    if (service === 'api-gateway') {
      meant.push('ALLOWED_HOSTS', 'TRUST_PROXY', 'MANAGEMENT_PORT', 'SHUTDOWN_DELAY_MS');
      meant.push('AUTH_MODE', 'OIDC_ISSUER', 'OIDC_AUDIENCE');
    }
    expect(changed.sort()).toEqual(meant.sort());
    expect(Object.keys(environment).filter((name) => !(name in config) && environment[name] !== '')).toEqual([]);
  });

  it('accepts the smallest visibility timeout that the template allows', async () => {
    const MinValue = stack.parameters.VisibilityTimeoutSeconds?.MinValue ?? 0;
    const smallest = readServicesStack({ VisibilityTimeoutSeconds: `${MinValue}` }).taskOf(service);
    await expect(configOf(service, smallest.environment)).resolves.toBeDefined();
  });

  it.each(['30', '99', '365', '3649', '3650'])('keeps finished items for %s days on request', async (days) => {
    const config = await configOf(service, readServicesStack({ RetentionDays: days }).taskOf(service).environment);
    expect(config.RETENTION_DAYS).toBe(Number(days));
    expect(days).toMatch(new RegExp(`^${stack.parameters.RetentionDays?.AllowedPattern}$`));
  });

  it.each(['29', '3651', '4000', '0', 'x'])('cannot be told to keep them for %s days', async (days) => {
    expect(days).not.toMatch(new RegExp(`^${stack.parameters.RetentionDays?.AllowedPattern}$`));
    const { environment: wrong } = readServicesStack({ RetentionDays: days }).taskOf(service);
    await expect(configOf(service, wrong)).rejects.toThrow('RETENTION_DAYS');
  });

  it('has room for all its containers, with either CPU', () => {
    const collecting = readServicesStack({ CollectorImage: COLLECTOR_IMAGE }).taskOf(service).task;
    const needed = collecting.ContainerDefinitions.reduce((sum, { Memory }) => sum + Memory, 0);
    expect(Number(task.Memory)).toBeGreaterThanOrEqual(needed);
  });
});

describe('the collector', () => {
  type Configuration = {
    receivers: { prometheus: { config: { scrape_configs: { static_configs: { targets: string[] }[] }[] } } };
    exporters: { awsemf: { log_group_name: string; metric_declarations: { metric_name_selectors: string[] }[] } };
  };
  const collecting = readServicesStack({ CollectorImage: COLLECTOR_IMAGE });

  it.each(services)('runs beside %s only if it has an image', (service) => {
    expect(stack.taskOf(service).task.ContainerDefinitions).toHaveLength(1);
    const { task, container } = collecting.taskOf(service);
    const [, collector] = task.ContainerDefinitions;
    expect(collector).toMatchObject({ Image: COLLECTOR_IMAGE, Essential: false, ReadonlyRootFilesystem: true });
    expect(stack.taskOf(service).environment.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('');
    expect(environmentOf(container).OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://127.0.0.1:4318');
  });

  it.each(services)('scrapes the port where %s has its metrics', (service) => {
    const { task, environment } = collecting.taskOf(service);
    const [, collector] = task.ContainerDefinitions;
    const port = environment.MANAGEMENT_PORT ?? imageOf(dockerfileOf(service)).environment.PORT;
    expect(collector && environmentOf(collector)).toMatchObject({
      METRICS_PORT: port,
      PROCESS: service,
      STAGE: 'shop',
    });
  });

  it('exports metrics that exist, to its log group', () => {
    const [, collector] = collecting.tasks[0]?.ContainerDefinitions ?? [];
    const text = collector && environmentOf(collector).AOT_CONFIG_CONTENT;
    const { receivers, exporters } = yaml.parse(text ?? '') as Configuration;
    const [job] = receivers.prometheus.config.scrape_configs;
    expect(job?.static_configs[0]?.targets).toEqual(['127.0.0.1:${env:METRICS_PORT}']);
    expect(collecting.propertiesOf('MetricsLogs').LogGroupName).toBe(
      exporters.awsemf.log_group_name.replace('${env:STAGE}', 'shop'),
    );
    const exported = exporters.awsemf.metric_declarations.flatMap((one) => one.metric_name_selectors);
    const documented = readProjectFile('docs/metrics.md');
    for (const selector of exported) expect(documented).toContain(`| \`${selector.replace(/^\^|\$$/g, '')}\``);
  });
});
