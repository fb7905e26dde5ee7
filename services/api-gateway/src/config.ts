import { isIP } from 'node:net';
import { REDACTED_LOG_FIELDS } from '@orderflow/domain/log-fields';
import { IsCount, IsFlag, IsPort, parseEnv } from '@orderflow/platform/runtime/config';
import { IsOptional, ValidateBy } from 'class-validator';
import { IdentityEnv, identityRules } from './identity/identity-env.js';
import { areWorkerUrls } from './live/worker-states.js';

const WORKER_URLS_RULE =
  'WORKER_URLS must be a list such as order-worker=http://order-worker:3000,notification-worker=http://notification-worker:3000';

const TRUST_PROXY_RULE =
  'TRUST_PROXY must be addresses or networks, separated by commas, such as 10.0.0.0/8,fd00::/8, or the number of proxies, such as 1';

function Passes(check: (text: string) => boolean, message: string): PropertyDecorator {
  return ValidateBy({ name: check.name, validator: { validate: (text) => check(String(text)) } }, { message });
}

/** Network names of @fastify/proxy-addr. */
const NETWORK_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

const listOf = (text: string): string[] => text.split(',').map((part) => part.trim());

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

function areProxies(text: string): boolean {
  return /^[1-9]\d?$/.test(text) || listOf(text).every((part) => NETWORK_NAMES.includes(part) || isNetwork(part));
}

/** The value for Fastify. Never `true`: clients could claim any address. */
export function trustedProxies(
  text: string | undefined,
): false | string[] | ((address: string, hop: number) => boolean) {
  if (text === undefined) return false;
  return /^\d+$/.test(text) ? (_, hop) => hop < Number(text) : listOf(text);
}

export class ApiEnv extends IdentityEnv {
  /** Where the API listens. */
  @IsPort()
  PORT = 3000;

  /** Where health and metrics are; unset: on PORT. Give it to the load balancer's health checks, never to clients. */
  @IsOptional()
  @IsPort()
  MANAGEMENT_PORT?: number;

  override LOG_REDACT = REDACTED_LOG_FIELDS;

  /** Largest request body. */
  @IsCount(1_024, 1_048_576)
  BODY_LIMIT_BYTES = 262_144;

  /** Requests that one client may make in a window: the subject of a token, or an address. */
  @IsCount(1, 100_000_000)
  RATE_LIMIT_MAX = 6_000;

  /** Length of that window. */
  @IsCount(100, 86_400_000)
  RATE_LIMIT_WINDOW_MS = 60_000;

  /** Open event streams per client, of 1,000 in total. */
  @IsCount(1, 1_000)
  STREAMS_PER_CLIENT_MAX = 50;

  /** A client that reads nothing of its answer for this long is disconnected. */
  @IsCount(100, 3_600_000)
  WRITE_TIMEOUT_MS = 30_000;

  /** Unread bytes of answers, all clients together. The slowest clients are disconnected first. */
  @IsCount(1_048_576, 1_073_741_824)
  UNREAD_BYTES_MAX = 16_777_216;

  /** Ms that a connection may be idle. Must exceed the load balancer's idle timeout, usually 60 s. */
  @IsCount(1_000, 3_600_000)
  KEEP_ALIVE_TIMEOUT_MS = 72_000;

  /** Proxies whose X-Forwarded-For is trusted: their addresses or networks, or the number of hops. */
  @IsOptional()
  @Passes(areProxies, TRUST_PROXY_RULE)
  TRUST_PROXY?: string;

  /** Ms from SIGTERM, when readiness fails, until the port closes. Load balancers need time to notice. */
  @IsCount(0, 300_000)
  SHUTDOWN_DELAY_MS = 0;

  /** Deadline of one try of an AWS request; there are two tries. */
  @IsCount(10, 60_000)
  AWS_REQUEST_TIMEOUT_MS = 1_200;

  /** When the marker of a new order becomes due. */
  @IsCount(100, 3_600_000)
  OUTBOX_DELAY_MS = 5_000;

  /** Pause between two sweeps of the outbox. */
  @IsCount(100, 3_600_000)
  SWEEP_INTERVAL_MS = 5_000;

  /** How long a backlog in the queue is accepted as the reason for a due marker. */
  @IsCount(0, 86_400_000)
  QUEUE_GRACE_MS = 600_000;

  /** Lease of the sweeper's claims; the same as the workers' visibility timeout. */
  @IsCount(1, 43_200)
  VISIBILITY_TIMEOUT_SECONDS = 30;

  /** Republications for an empty queue, after which an unclaimed order or notification ends as UNDELIVERED. */
  @IsCount(1, 1_000)
  OUTBOX_MAX_ATTEMPTS = 12;

  /** The workers' health endpoints, for the live page: comma-separated service=URL. */
  @IsOptional()
  @Passes(areWorkerUrls, WORKER_URLS_RULE)
  WORKER_URLS?: string;

  /** Whether notification-worker receives and confirms outcomes; the same as the template's parameter. */
  @IsFlag()
  NOTIFY_ON_ORDER_OUTCOME = true;
}

/** @throws ConfigError that lists every problem by key */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<ApiEnv> {
  return parseEnv(ApiEnv, env, (config) => {
    const { SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS, PORT, MANAGEMENT_PORT } = config;
    const problems = identityRules(config);
    if (SHUTDOWN_DELAY_MS >= SHUTDOWN_TIMEOUT_MS) {
      problems.push('SHUTDOWN_DELAY_MS must be less than SHUTDOWN_TIMEOUT_MS, or no time is left to drain');
    }
    if (MANAGEMENT_PORT === PORT && PORT !== 0) problems.push('MANAGEMENT_PORT must differ from PORT');
    return problems;
  });
}
