import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOT_COPIED = ['node_modules', '.git', '.local', 'logs'];

/** Link by link: through a link to the whole folder, the copy would run the services of the original. */
async function linkDependencies(copy: string, workspace: string): Promise<void> {
  const [from, to] = [join(root, workspace, 'node_modules'), join(copy, workspace, 'node_modules')];
  if (!existsSync(from)) return;
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name === '@orderflow') await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else await symlink(join(from, name), join(to, name));
  }
}

/** Copies the project with its compiled files to a temporary folder, for a test that changes sources. @returns its path */
export async function copyCheckout(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'orderflow-copy-'));
  const filter = (path: string) => !NOT_COPIED.includes(basename(path));
  await cp(root, copy, { recursive: true, preserveTimestamps: true, filter });
  await linkDependencies(copy, '.');
  await linkDependencies(copy, 'domain');
  return copy;
}
