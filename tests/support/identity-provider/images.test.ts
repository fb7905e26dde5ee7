import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

type Package = { dependencies?: Record<string, string>; resolved?: string; link?: boolean };
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> };

/** Finds an installed package like Node: in the nearest node_modules above. */
function find(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(?:^|\/)[^/]*$/, '')) {
    const path = `${folder}${folder && '/'}node_modules/${name}`;
    if (packages[path]) return packages[path].link ? packages[path].resolved : path;
    if (folder === '') return undefined;
  }
}

/** Paths in the lockfile of all packages that a workspace installs. */
function installedWith(workspace: string, found = new Set<string>()): Set<string> {
  found.add(workspace);
  for (const name of Object.keys(packages[workspace]?.dependencies ?? {})) {
    const path = find(name, workspace);
    if (path && !found.has(path)) installedWith(path, found);
  }
  return found;
}

describe("the laptop's OpenID provider", () => {
  it.each([
    ['Dockerfile.api', 'services/api-gateway'],
    ['Dockerfile.worker', 'services/order-worker'],
    ['Dockerfile.worker', 'services/notification-worker'],
  ])('is not in the image of %s, %s', (file, workspace) => {
    const copies = [...read(file).matchAll(/^COPY (?!--from)(?:--\S+ )*(.*) \S+$/gm)];
    const sources = copies.flatMap(([, paths = '']) => paths.split(' '));
    expect(sources.length).toBeGreaterThan(4);
    expect(sources.filter((path) => /^(?:\.|\*|tools)/.test(path))).toEqual([]);
    const installed = installedWith(workspace);
    expect(installed.size).toBeGreaterThan(20);
    expect(installed).not.toContain('node_modules/oidc-provider');
  });

  it('would be found', () => {
    expect(installedWith('tools/identity-provider')).toContain('node_modules/oidc-provider');
  });
});
