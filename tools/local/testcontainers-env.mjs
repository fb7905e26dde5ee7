import { askDocker } from './docker.mjs';

/** testcontainers starts a reaper beside the tests, from an image that not every machine can have. */
function hasReaper() {
  return askDocker(['image', 'inspect', 'testcontainers/ryuk:0.14.0']).status === 0;
}

/** What testcontainers has to find in its environment here; without its reaper test-run.mjs removes what is left. */
export function testcontainersEnv() {
  return {
    // Published ports are on the loopback address, also where this machine is itself a container.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    ...(hasReaper() ? {} : { TESTCONTAINERS_RYUK_DISABLED: 'true' }),
  };
}
