import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(root + file, 'utf8');

it('every text file has line feeds in every checkout', () => {
  const files = execFileSync('git', ['ls-files', '--eol'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((line) => !line.startsWith('i/-text') && !/attr\/text(=auto)? eol=lf/.test(line))).toEqual([]);
});

/** Under umask 077 only its owner may read a file. */
describe('a checkout that only its owner may read', () => {
  it.each(['Dockerfile.api', 'Dockerfile.worker'])('is copied readable for all: %s', (file) => {
    const [, ...shipped] = read(file)
      .split(/^FROM /m)
      .slice(1);
    const copies = shipped.flatMap((stage) => stage.split('\n').filter((line) => line.startsWith('COPY ')));
    expect(copies.length).toBeGreaterThan(4);
    expect(copies.filter((line) => !/^COPY --(?:from|chmod)=/.test(line))).toEqual([]);
  });

  type Service = { volumes?: (string | { type: string })[]; cap_drop?: string[]; cap_add?: string[] };
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };

  it.each(Object.entries(services))('is mounted only if root can read all of it: %s', (_name, service) => {
    const isMounted = service.volumes?.some((volume) => typeof volume === 'object' && volume.type === 'bind') ?? false;
    const readsAll = !service.cap_drop || Boolean(service.cap_add?.includes('DAC_OVERRIDE'));
    expect(isMounted && !readsAll).toBe(false);
  });
});
