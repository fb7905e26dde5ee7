/**
 * Preload: the first SIGWINCH starts a CPU profile, the second writes it to the folder PROFILE_DIR. Node 20 does not accept
 * --cpu-prof in NODE_OPTIONS, which would also include the start and the warm-up.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const SAMPLE_EVERY_US = 500;
/** @type {Session | undefined} */
let session;

process.on('SIGWINCH', () => {
  if (!session) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    session.post('Profiler.start');
    return;
  }
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error;
    writeFileSync(join(process.env.PROFILE_DIR ?? '.', `${process.pid}.cpuprofile`), JSON.stringify(profile));
  });
});
