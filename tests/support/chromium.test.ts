import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findChromium } from '../../tools/local/chromium.mjs';

describe('the browser', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderflow-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function program(name: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, '');
    await chmod(path, 0o755);
    return path;
  }

  it('is the one in PATH, under any of its names', async () => {
    expect(findChromium({ PATH: folder })).toBeUndefined();
    const path = await program('google-chrome');
    expect(findChromium({ PATH: `/nowhere:${folder}` })).toBe(path);
  });

  it('is the requested one, or none', async () => {
    await program('chromium');
    const other = await program('other');
    expect(findChromium({ PATH: folder, CHROMIUM_PATH: other })).toBe(other);
    expect(findChromium({ PATH: folder, CHROMIUM_PATH: join(folder, 'gone') })).toBeUndefined();
  });

  it('is an executable, not just a file of that name', async () => {
    await writeFile(join(folder, 'chromium'), '');
    expect(findChromium({ PATH: folder })).toBeUndefined();
  });
});
