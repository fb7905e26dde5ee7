/** Linux process statistics: https://man7.org/linux/man-pages/man5/proc.5.html */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Emulator } from '../../tests/support/emulator.js';

/** Clock ticks are 10 ms on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** User and system time. @throws if there is no such process */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // utime and stime are fields 14 and 15 of the line. The name, in brackets, may contain spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}

/** Open files, sockets and pipes. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** cgroup v2 or v1. https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html */
const CPU_OF_CONTAINER = 'cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage';

/** CPU time of all processes of an emulator. */
export function emulatorCpuMs({ process: where }: Emulator): number {
  if ('pid' in where) return cpuMs(where.pid);
  const command = ['exec', where.containerId, 'sh', '-c', CPU_OF_CONTAINER];
  const text = execFileSync('docker', command, { encoding: 'utf8', timeout: 60_000 });
  const microseconds = /^usage_usec (\d+)$/m.exec(text)?.[1];
  return microseconds === undefined ? Number(text) / 1_000_000 : Number(microseconds) / 1_000;
}

/** Tracks the peak of each process's resident memory. */
export function watchMemory(pids: readonly number[], everyMs = 250) {
  const peaks = pids.map(() => 0);
  const look = (): void => {
    pids.forEach((pid, index) => {
      peaks[index] = Math.max(peaks[index] ?? 0, residentMb(pid));
    });
  };
  const timer = setInterval(look, everyMs);
  return {
    /** In the order of `pids`. */
    peaks: (): number[] => {
      look();
      return peaks;
    },
    stop: (): void => {
      clearInterval(timer);
    },
  };
}
