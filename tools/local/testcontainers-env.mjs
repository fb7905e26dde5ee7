import { askDocker } from './docker.mjs';

/** testcontainers cleans up with a reaper, whose image is not available everywhere. */
function hasReaper() {
  return askDocker(['image', 'inspect', 'testcontainers/ryuk:0.14.0']).status === 0;
}

/** Variables for testcontainers. Without its reaper, test-run.mjs removes leftovers. */
export function testcontainersEnv() {
  return {
    // Ports are published on loopback, even if this machine is a container.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    ...(hasReaper() ? {} : { TESTCONTAINERS_RYUK_DISABLED: 'true' }),
  };
}
