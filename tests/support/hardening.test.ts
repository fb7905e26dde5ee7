import { describe, expect, it } from '@jest/globals';
import { HARDENED, hardeningOf, leaksIn, type Inspected } from './hardening.js';

const STATUS = `Name:\tdocker-init
Uid:\t1000\t1000\t1000\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
`;

function inspected(hostConfig: Partial<Inspected['HostConfig']> = {}, rest: Partial<Inspected> = {}): Inspected {
  return {
    HostConfig: {
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: null,
      PidsLimit: 100,
      Memory: 1,
      ...hostConfig,
    },
    NetworkSettings: { Ports: { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '3000' }], '9/tcp': null } },
    Mounts: [{ Type: 'tmpfs', Source: '', RW: true }],
    ...rest,
  };
}

describe('hardeningOf', () => {
  it('accepts a confined container', () => {
    expect(hardeningOf(inspected(), STATUS)).toEqual(HARDENED);
  });

  it.each<[string, Inspected, string]>([
    ['root', inspected(), STATUS.replace('1000', '0')],
    ['a capability', inspected(), STATUS.replace('CapBnd:\t0000000000000000', 'CapBnd:\t00000000a80425fb')],
    ['unknown capabilities', inspected(), STATUS.replace(/^CapEff.*$/m, '')],
    ['new privileges', inspected(), STATUS.replace('NoNewPrivs:\t1', 'NoNewPrivs:\t0')],
    ['a root that can be written', inspected({ ReadonlyRootfs: false }), STATUS],
    ['a privileged container', inspected({ Privileged: true }), STATUS],
    ['an added capability', inspected({ CapAdd: ['NET_ADMIN'] }), STATUS],
    ['capabilities that are kept', inspected({ CapDrop: null }), STATUS],
    ['processes without limit', inspected({ PidsLimit: null }), STATUS],
    ['processes without limit, as -1', inspected({ PidsLimit: -1 }), STATUS],
    ['memory without limit', inspected({ Memory: 0 }), STATUS],
    [
      'a port on every address',
      inspected({}, { NetworkSettings: { Ports: { '1/tcp': [{ HostIp: '0.0.0.0', HostPort: '1' }] } } }),
      STATUS,
    ],
    ['the engine’s socket', inspected({}, { Mounts: [{ Type: 'bind', Source: '/var/run', RW: true }] }), STATUS],
  ])('rejects %s', (_name, container, status) => {
    expect(hardeningOf(container, status)).not.toEqual(HARDENED);
  });
});

describe('leaksIn', () => {
  it('finds nothing in our log lines', () => {
    const line =
      '{"level":"info","message":"processed","queue":"local-order-queue","eventId":"0190","attempt":1,"outcome":"processed","traceId":"abababababababababababababababab"}';
    expect(leaksIn(line, { message: 'do not tell' })).toEqual([]);
  });

  it.each([
    ['AWS access key id', 'credentials AKIAIOSFODNN7EXAMPLE'],
    ['private key', '-----BEGIN RSA PRIVATE KEY-----'],
    ['authorization header', '{"headers":{"authorization":"Basic eA=="}}'],
    ['AWS signature', 'AWS4-HMAC-SHA256 Credential=test'],
    ['JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXRleHQ'],
    ['secret variable', 'AWS_SECRET_ACCESS_KEY=test'],
    ['secret variable', '"dbPassword": "x"'],
    ['message', 'payload do not tell'],
  ])('finds: %s', (what, text) => {
    expect(leaksIn(text, { message: 'do not tell' })).toContain(what);
  });
});
