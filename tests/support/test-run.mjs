/**
 * Labels everything that tests create in Docker with their run, so that leftovers can be removed. testcontainers'
 * reaper does the same, but its image is not available everywhere.
 */
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { askDocker } from '../../tools/local/docker.mjs';

/** Removing all containers of a run takes a while. */
const ENDS_WITHIN_MS = 120_000;
const LABEL = 'orderflow.test';
/** Inherited by Jest's worker processes, read by compose.test.yaml. */
const VARIABLE = 'ORDERFLOW_TEST_RUN';

/** A run is named for host and process, because others may share the engine. */
export function beginRun() {
  process.env[VARIABLE] = `${hostname()}/${process.pid}`;
}

export function testLabels() {
  return { [LABEL]: process.env[VARIABLE] ?? 'unknown' };
}

/** Removes the containers, networks and images of this run and of runs that are over. */
export function removeLeftovers() {
  const { status, isMissing, problem } = askDocker(['version']);
  if (status !== 0) {
    // Without an engine there are no leftovers. A hanging one may have some.
    if (problem && !isMissing) process.stderr.write(`What earlier tests left in Docker is not removed: ${problem}\n`);
    return;
  }
  const containers = leftovers('container', ['ps', '--all']);
  if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers.map(({ id }) => id));
  for (const project of new Set(containers.map(({ project }) => project))) {
    if (project) docker('compose', '--project-name', project, 'down', '--volumes');
  }
  const networks = leftovers('network', ['network', 'ls']);
  if (networks.length > 0) docker('network', 'rm', ...networks.map(({ id }) => id));
  const images = leftovers('image', ['images']);
  if (images.length > 0) docker('image', 'rm', '--force', ...images.map(({ id }) => id));
}

/**
 * @param {'container' | 'network' | 'image'} kind
 * @param {string[]} list the command that lists them
 */
function leftovers(kind, list) {
  const ids = new Set(lines(docker(...list, '--quiet', '--filter', `label=${LABEL}`)));
  if (ids.size === 0) return [];
  const labels = kind === 'network' ? '.Labels' : '.Config.Labels';
  // `with`, because Docker writes `<no value>` for a label that is not there.
  const composeProject = `{{with index ${labels} "com.docker.compose.project"}}{{.}}{{end}}`;
  const format = `{{.Id}} {{index ${labels} "${LABEL}"}} ${composeProject}`;
  return lines(docker(kind, 'inspect', '--format', format, ...ids)).flatMap((line) => {
    const [id = '', run = '', project] = line.split(' ');
    return isOver(run) ? [{ id, project }] : [];
  });
}

/** @param {string} run */
function isOver(run) {
  if (run === process.env[VARIABLE]) return true;
  const [host, pid] = run.split('/');
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch {
    return true;
  }
}

/** @param {string[]} args */
function docker(...args) {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: ENDS_WITHIN_MS,
  });
}

/** @param {string} output */
function lines(output) {
  return output.split('\n').filter((line) => line !== '');
}
