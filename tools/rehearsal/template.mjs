/** Adapts infrastructure/services.yaml to the emulator. The file itself does not change. */

/** Only containers of services have this line; the collector does not. */
const SERVICE_LINE = /^( +)- \{ Name: LOG_FORMAT, Value: json \}$/gm;
const HTTPS_ONLY = /AllowedPattern: '(\(?)https:/g;

/**
 * Adds access keys, because MiniStack does not give tasks the credentials of their role, and allows http for the laptop's
 * OpenID provider.
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

/** How many seconds every task has to stop. @param {string} text */
export function stopSeconds(text) {
  const all = new Set([...text.matchAll(/^ +StopTimeout: (\d+)$/gm)].map(([, seconds]) => Number(seconds)));
  const [seconds] = all;
  if (all.size === 1 && seconds) return seconds;
  throw new Error(`services.yaml has the StopTimeouts ${[...all]}, not one: adapt ${import.meta.url}`);
}

/** Parts of the templates that the rehearsal cannot show, because MiniStack 1.5.33 ignores or replaces them. */
export const NOT_SHOWN = [
  'roles: tasks use the access key of this run, so no call is checked against a policy (policies.test.ts does that)',
  'deregistration delay: a task gets SIGTERM while it is still a target, so clients repeat some requests',
  'health checks of tasks and targets, and the grace period: old tasks stop before the new ones are ready',
  'time to live in CloudFormation: the deploy script of npm run local sets it instead',
  'CPU and memory limits, the read-only root file system, dropped capabilities, the init process, ulimits',
  'TLS, certificate, security groups, subnets, access logs: the emulator serves the load balancer over http',
  'the pull from ECR: Docker already has the images',
  'scaling.yaml and alarms.yaml: this command changes the number of tasks itself',
  'DynamoDB, SQS and EventBridge themselves (docs/parity.md)',
];
