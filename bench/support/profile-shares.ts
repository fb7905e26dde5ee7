/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export type CpuProfile = {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
};

const PACKAGES: readonly [RegExp, string][] = [
  [/^@(aws-sdk|smithy)\//, 'AWS SDK'],
  [/^class-(validator|transformer)$|^validator$|^libphonenumber-js$/, 'class-validator, class-transformer'],
  [/^@nestjs\/|^rxjs$|^reflect-metadata$/, 'Nest'],
  [/^@?fastify|^find-my-way$|^light-my-request$|^secure-json-parse$|^avvio$/, 'Fastify'],
  [/^winston|^logform$|^triple-beam$|^readable-stream$|^safe-stable-stringify$|^@colors\//, 'winston'],
  [/^prom-client$/, 'prom-client'],
];
/** Node's stream functions that make system calls. */
const WRITES = /^write(v|Utf8String|Latin1String|AsciiString|Buffer)$/;

/** The owner of a function, judged by its file; undefined for idle time. */
function ownerOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string | undefined {
  // The second is the profiler itself.
  if (functionName === '(idle)' || (functionName === 'dispatch' && url === '')) return undefined;
  if (functionName === '(garbage collector)') return 'garbage collection';
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (name !== undefined) return PACKAGES.find(([pattern]) => pattern.test(name))?.[1] ?? 'other packages';
  if (url.startsWith('file:')) return 'the subject itself';
  return url === '' && WRITES.test(functionName) ? 'writes to sockets and pipes' : 'Node';
}

/** Shares of busy time (self time), largest first. */
export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): [owner: string, share: number][] {
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const owner = owners.get(id);
    if (owner === undefined) return;
    const time = timeDeltas[index] ?? 0;
    total += time;
    times.set(owner, (times.get(owner) ?? 0) + time);
  });
  return [...times].map(([owner, time]): [string, number] => [owner, time / total]).sort(([, a], [, b]) => b - a);
}
