/** infrastructure/services.yaml for the emulator. The file itself stays as it is. */

/** Enough for a drain within the 5 s that MiniStack gives a container, whatever StopTimeout says. */
const SHORT_STOPS = { SQS_WAIT_TIME_SECONDS: '1' };
/** Only the services' containers have this line, not the collector's. */
const SERVICE_LINE = /^( +)- \{ Name: LOG_FORMAT, Value: json \}$/gm;
const HTTPS_ONLY = /AllowedPattern: '(\(?)https:/g;

/**
 * Adds what MiniStack lacks: it gives tasks credentials of no role, and kills a container after 5 s. Its load balancer
 * and the laptop's OpenID provider speak http.
 * @param {string} text @param {import('../local/environment.mjs').Credentials} credentials
 */
export function forEmulator(text, { accessKeyId, secretAccessKey }) {
  const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...SHORT_STOPS };
  const found = [...text.matchAll(SERVICE_LINE)].length;
  if (found !== 3)
    throw new Error(`services.yaml has ${found} services with LOG_FORMAT, not 3: adapt ${import.meta.url}`);
  return text
    .replace(SERVICE_LINE, (line, indent) =>
      [
        line,
        ...Object.entries(variables).map(([name, value]) => `${indent}- { Name: ${name}, Value: '${value}' }`),
      ].join('\n'),
    )
    .replace("{ Name: SHUTDOWN_DELAY_MS, Value: '5000' }", "{ Name: SHUTDOWN_DELAY_MS, Value: '500' }")
    .replace(HTTPS_ONLY, "AllowedPattern: '$1https?:");
}

/** What the template says that the rehearsal cannot show. MiniStack 1.5.33 ignores it, or has something else. */
export const NOT_SHOWN = [
  'the roles: tasks use the key of this run, so no call is checked against a policy (the gate test does that)',
  'StopTimeout and deregistration delay: MiniStack kills a container after 5 s, so SQS_WAIT_TIME_SECONDS is 1 and SHUTDOWN_DELAY_MS 500',
  'health checks of tasks and targets, grace period: each target counts as healthy once its container runs',
  'CPU and memory limits, read-only root, dropped capabilities, init process, ulimits',
  'TLS, certificate, security groups, subnets, access logs: the load balancer speaks http, in the emulator',
  'the pull from ECR: the images are in the engine',
  'scaling.yaml and alarms.yaml: this program changes the number of tasks',
  'DynamoDB, SQS and EventBridge themselves (docs/parity.md)',
];
