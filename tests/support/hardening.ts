import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A container's confinement, as configured and as effective in its process. */
export type Hardening = {
  /** Of the first process, from /proc. */
  uid: number;
  hasCapabilities: boolean;
  noNewPrivileges: boolean;
  readOnlyRoot: boolean;
  privileged: boolean;
  capDrop: string[];
  capAdd: string[];
  hasPidsLimit: boolean;
  hasMemoryLimit: boolean;
  /** Addresses of this machine on which its ports are published. */
  publishedOn: string[];
  /** Host paths that it can write to. */
  writableMounts: string[];
};

/** The expected confinement; compare with `inspectContainer`. Excludes published ports. */
export const HARDENED = {
  uid: 1_000,
  hasCapabilities: false,
  noNewPrivileges: true,
  readOnlyRoot: true,
  privileged: false,
  capDrop: ['ALL'],
  capAdd: [],
  hasPidsLimit: true,
  hasMemoryLimit: true,
  publishedOn: ['127.0.0.1'],
  writableMounts: [],
} satisfies Hardening;

/** The parts of `docker inspect` that count. */
export type Inspected = {
  HostConfig: {
    ReadonlyRootfs: boolean;
    Privileged: boolean;
    CapDrop: string[] | null;
    CapAdd: string[] | null;
    PidsLimit: number | null;
    Memory: number;
  };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
  Mounts: { Type: string; Source: string; RW: boolean }[];
};

/** @param processStatus the text of /proc/1/status */
export function hardeningOf(inspected: Inspected, processStatus: string): Hardening {
  const { HostConfig: host, NetworkSettings: network, Mounts: mounts } = inspected;
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(processStatus)?.[1];
  const capabilities = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(field);
  const bindings = Object.values(network.Ports).flatMap((published) => published ?? []);
  return {
    uid: Number(field('Uid')),
    hasCapabilities: capabilities.some((bits) => bits === undefined || /[^0]/.test(bits)),
    noNewPrivileges: field('NoNewPrivs') === '1',
    readOnlyRoot: host.ReadonlyRootfs,
    privileged: host.Privileged,
    capDrop: host.CapDrop ?? [],
    capAdd: host.CapAdd ?? [],
    // Docker writes "no limit" in three ways.
    hasPidsLimit: (host.PidsLimit ?? 0) > 0,
    hasMemoryLimit: host.Memory > 0,
    publishedOn: [...new Set(bindings.map(({ HostIp }) => HostIp))],
    writableMounts: mounts.filter(({ Type, RW }) => RW && Type !== 'tmpfs').map(({ Source }) => Source),
  };
}

async function docker(...args: string[]): Promise<string> {
  return (await promisify(execFile)('docker', args, { encoding: 'utf8', timeout: 60_000 })).stdout;
}

/** A running container by its id or name. */
export async function inspectContainer(id: string): Promise<Hardening> {
  const [inspected] = JSON.parse(await docker('inspect', id)) as Inspected[];
  if (!inspected) throw new Error(`There is no container ${id}`);
  return hardeningOf(inspected, await docker('exec', id, 'cat', '/proc/1/status'));
}

/** Texts that must not appear in logs or health reports. */
const SECRET_SHAPES: Record<string, RegExp> = {
  'AWS access key id': /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  'private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  'authorization header': /\bauthorization["']?\s*[:=]/i,
  'AWS signature': /\bAWS4-HMAC-SHA256\b|\bX-Amz-Security-Token\b/i,
  'JSON web token': /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/,
  'secret variable': /\b\w*(?:SECRET|PASSWORD|PASSWD|SESSION_TOKEN|API_KEY|PRIVATE_KEY)\w*["']?\s*[:=]/i,
};

/**
 * Finds such texts in a log or health report.
 * @param canaries texts of a request that must not appear, by kind: message, customer, key
 */
export function leaksIn(text: string, canaries: Record<string, string> = {}): string[] {
  return [
    ...Object.entries(SECRET_SHAPES).flatMap(([what, shape]) => (shape.test(text) ? [what] : [])),
    ...Object.entries(canaries).flatMap(([what, canary]) => (text.includes(canary) ? [what] : [])),
  ];
}
