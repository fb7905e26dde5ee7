/** Checks of Docker, Compose and this project's containers. */
import { readFileSync } from 'node:fs';
import { ask } from '../local/ask.mjs';
import { readContainers, readWantedPorts } from '../local/containers.mjs';
import { fail, ok, skipped } from './check.mjs';
import { checkMemory, checkVersion } from './machine.mjs';

/**
 * @typedef {import('./check.mjs').Check} Check
 * @typedef {import('../local/ask.mjs').Answer} Answer
 * @typedef {import('../local/containers.mjs').Container} Container
 * @typedef {{ project: string, image: string, hasToken: boolean }} ComposeConfig of its service localstack
 */

const MIN_ENGINE = [25];
const MIN_COMPOSE = [2, 24, 4];
/** The last release that starts without an account. Later ones are named by year and month. */
const FREE_IMAGE = 'localstack/localstack:4.14.0';
/** Without tag and digest, Docker takes `latest`. */
const IMAGE = /(?:^|\/)(?<name>[^/:@]+)(?::(?<tag>[^/@]+))?(?<digest>@.+)?$/;
const BINDINGS = '{{.Name}} {{json .HostConfig.PortBindings}}';
const ADD_TO_GROUP = 'sudo usermod -aG docker "$USER" && newgrp docker';
const START_DOCKER =
  process.platform === 'linux' ? 'sudo systemctl start docker   (or start Docker Desktop)' : 'start Docker Desktop';

/** @param {Answer} answer of docker --version */
export function checkDockerCli({ status, stdout, reason }) {
  return status === 'ok'
    ? ok('Docker', /\d[\d.]*/.exec(stdout)?.[0] ?? stdout)
    : fail('Docker', reason, 'install it: https://docs.docker.com/engine/install; without Docker: npm run local');
}

/** @param {Answer} answer of docker info @param {string} [host] DOCKER_HOST */
export function checkEngine(answer, host) {
  if (answer.status === 'missing') return [];
  const [version = '', memory] = answer.status === 'ok' ? answer.stdout.split(' ') : [];
  if (version === '') {
    const start = /permission denied/i.test(answer.reason) ? ADD_TO_GROUP : START_DOCKER;
    const fix = host ? `unset DOCKER_HOST   (it is ${host})` : start;
    return [fail('Docker daemon', answer.reason || 'no answer', fix)];
  }
  const update = 'update it: https://docs.docker.com/engine/install; without Docker: npm run local';
  const more = 'Docker Desktop: Settings, Resources, Memory; elsewhere the machine needs more';
  return [
    ok('Docker daemon', 'answers'),
    checkVersion('Docker Engine', version, MIN_ENGINE, update),
    checkMemory('Memory of Docker', Number(memory), more),
  ];
}

/** @param {Answer} answer of docker compose version --short */
export function checkCompose({ status, stdout, reason }) {
  if (status === 'missing') return [];
  const install = 'install it: https://docs.docker.com/compose/install/linux';
  if (status !== 'ok') return [fail('Compose', `docker compose: ${reason}`, install)];
  return [checkVersion('Compose', stdout.replace(/^v/, ''), MIN_COMPOSE, install)];
}

/** @param {Answer} answer of docker compose config */
export function checkFiles({ status, reason }) {
  return status === 'failed'
    ? [fail('Compose files', reason, 'docker compose config --quiet   (shows what to fix)')]
    : [];
}

/** @param {ComposeConfig} config */
export function checkImage({ image, hasToken }) {
  const check = 'LocalStack image';
  if (image === '') return skipped(check, 'compose.yaml names none');
  const { name, tag, digest } = IMAGE.exec(image)?.groups ?? {};
  const isFree = name === 'localstack' && (tag ? /^[0-4](\.|-|$)/.test(tag) : digest !== undefined);
  if (isFree || hasToken) return ok(check, image);
  return fail(
    check,
    `${image} does not start without an account (LOCALSTACK_AUTH_TOKEN)`,
    `in compose.yaml, or the file that overrides it: image: ${FREE_IMAGE}`,
  );
}

/**
 * @param {Answer} answer of docker compose config; without an answer, compose.yaml itself is read
 * @param {string} composeFile @returns {ComposeConfig}
 */
export function readConfig({ status, stdout }, composeFile) {
  if (status === 'ok') {
    const { name, services = {} } = JSON.parse(stdout);
    const { image = '', environment = {} } = services.localstack ?? {};
    return { project: name, image, hasToken: Boolean(environment.LOCALSTACK_AUTH_TOKEN) };
  }
  return {
    project: /^name: *(\S+)/m.exec(composeFile)?.[1] ?? '',
    image: /^ +image: *(?:&\S+ +)?(\S*localstack\S*)/m.exec(composeFile)?.[1] ?? '',
    hasToken: false,
  };
}

/**
 * A system starts with Docker or with Python. Their checks fail only if neither is usable.
 * @param {Check} python @param {Check[]} docker
 */
export function needEither(python, docker) {
  const canUsePython = python.status === 'ok';
  const canUseDocker = docker.every(({ status }) => status !== 'fail');
  const as = (/** @type {Check} */ check, /** @type {Check['status']} */ from, /** @type {Check['status']} */ to) =>
    check.status === from ? { ...check, status: to } : check;
  return [
    canUseDocker ? python : as(python, 'warn', 'fail'),
    ...docker.map((check) => (canUsePython ? as(check, 'fail', 'warn') : check)),
  ];
}

/** @param {string} root @returns {Promise<{ checks: Check[], image: Check, containers: Container[], config: ComposeConfig }>} */
export async function checkDocker(root) {
  const [version, info, compose, composeConfig, ps] = await Promise.all([
    ask('docker', ['--version']),
    ask('docker', ['info', '--format', '{{.ServerVersion}} {{.MemTotal}}']),
    ask('docker', ['compose', 'version', '--short']),
    ask('docker', ['compose', 'config', '--format', 'json'], { cwd: root }),
    ask('docker', ['ps', '--all', '--no-trunc', '--format', '{{json .}}']),
  ]);
  const containers = readContainers(ps);
  const names = containers.map(({ name }) => name);
  const inspected = await (names.length > 0
    ? ask('docker', ['inspect', '--type', 'container', '--format', BINDINGS, ...names])
    : undefined);
  const wanted = inspected ? readWantedPorts(inspected) : new Map();
  const config = readConfig(composeConfig, readFileSync(`${root}compose.yaml`, 'utf8'));
  return {
    checks: [
      checkDockerCli(version),
      ...checkEngine(info, process.env['DOCKER_HOST']),
      ...checkCompose(compose),
      ...(compose.status === 'ok' ? checkFiles(composeConfig) : []),
    ],
    image: checkImage(config),
    containers: containers.map((container) => ({ ...container, wantedPorts: wanted.get(container.name) ?? [] })),
    config,
  };
}
