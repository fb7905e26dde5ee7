/** infrastructure/services.yaml for the emulator. The file itself stays as it is. */

/** Only the services' containers have this line, not the collector's. */
const SERVICE_LINE = /^( +)- \{ Name: LOG_FORMAT, Value: json \}$/gm;
const HTTPS_ONLY = /AllowedPattern: '(\(?)https:/g;

/**
 * Adds what MiniStack lacks: it gives tasks credentials of no role. The laptop's OpenID provider speaks http.
 * @param {string} text @param {import('../local/environment.mjs').Credentials} credentials
 */
export function forEmulator(text, { accessKeyId, secretAccessKey }) {
  const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
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
    .replace(HTTPS_ONLY, "AllowedPattern: '$1https?:");
}

/** The time that all tasks have to drain. @param {string} text */
export function stopSeconds(text) {
  const all = new Set([...text.matchAll(/^ +StopTimeout: (\d+)$/gm)].map(([, seconds]) => Number(seconds)));
  const [seconds] = all;
  if (all.size === 1 && seconds) return seconds;
  throw new Error(`services.yaml has the StopTimeouts ${[...all]}, not one: adapt ${import.meta.url}`);
}

/** What the template says that the rehearsal cannot show. MiniStack 1.5.33 ignores it, or has something else. */
export const NOT_SHOWN = [
  'the roles: tasks use the key of this run, so no call is checked against a policy (the gate test does that)',
  'deregistration delay: a task gets SIGTERM while the load balancer still knows it, so clients repeat some requests',
  'health checks of tasks and targets, grace period: old tasks stop before the new ones are ready',
  'time to live of the tables: CloudFormation in MiniStack ignores it, and the deploy script of laptops sets it',
  'CPU and memory limits, read-only root, dropped capabilities, init process, ulimits',
  'TLS, certificate, security groups, subnets, access logs: the load balancer speaks http, in the emulator',
  'the pull from ECR: the images are in the engine',
  'scaling.yaml and alarms.yaml: this program changes the number of tasks',
  'DynamoDB, SQS and EventBridge themselves (docs/parity.md)',
];
