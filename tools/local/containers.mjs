/** Reads what Docker says of containers. */

/**
 * @typedef {import('./ask.mjs').Answer} Answer
 * @typedef {[first: number, last: number]} Range
 * @typedef {{
 *   name: string, state: string, status: string, ports: number[], project: string, service: string, folder: string,
 *   testRun?: string, wantedPorts?: Range[],
 * }} Container `status` is for people, such as "Up 2 minutes (unhealthy)"; `testRun` is set by tests
 */

/** @param {string} text such as "80" or "80-81" @returns {Range} */
function toRange(text) {
  const [first = 0, last = first] = text.split('-').map(Number);
  return [first, last];
}

/** @param {string} text such as "127.0.0.1:3000->3000/tcp, [::]:8000-8002->8000-8002/tcp" */
function publishedPorts(text) {
  const ports = [...text.matchAll(/:([\d-]+)->/g)].flatMap(([, range = '']) => {
    const [first, last] = toRange(range);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
  return [...new Set(ports)];
}

/**
 * The ports that containers request. Docker lists published ports only, and a restarting container has none.
 * @param {Answer} answer of docker inspect, a line for each container
 * @returns {Map<string, Range[]>} by name
 */
export function readWantedPorts({ stdout }) {
  const lines = stdout.split('\n').filter((line) => line.startsWith('/'));
  return new Map(
    lines.map((line) => {
      const [name = '', json = ''] = line.slice(1).split(/ (.*)/);
      /** @type {{ HostPort: string }[]} */
      const bindings = Object.values(JSON.parse(json) ?? {}).flatMap((found) => found ?? []);
      return [name, bindings.map(({ HostPort: text }) => toRange(text)).filter(([first]) => first > 0)];
    }),
  );
}

/** @param {Answer} answer of docker ps --format json */
export function readContainers({ status, stdout }) {
  if (status !== 'ok' || stdout === '') return [];
  return stdout.split('\n').map((line) => {
    const { Names: name, State: state, Status: text, Ports: ports, Labels: labels } = JSON.parse(line);
    const valueOf = (/** @type {string} */ key) => new RegExp(`(?:^|,)${key}=([^,]*)`).exec(labels)?.[1] ?? '';
    const label = (/** @type {string} */ key) => valueOf(`com\\.docker\\.compose\\.${key}`);
    const testRun = valueOf('orderflow\\.test');
    return {
      ...{ name, state, status: text, ports: publishedPorts(ports) },
      ...{ project: label('project'), service: label('service'), folder: label('project\\.working_dir') },
      ...(testRun && { testRun }),
    };
  });
}
