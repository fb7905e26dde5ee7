import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LAST_LINES = 20;
/** A first build of the images takes minutes. */
const ENDS_WITHIN_MS = 900_000;

/** The output of a docker command. @throws with the end of the output if it fails */
export function docker(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { cwd: root, env: { ...process.env, ...env }, timeout: ENDS_WITHIN_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else {
        const end = output.split('\n').slice(-LAST_LINES).join('\n');
        reject(new Error(`docker ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${end}`));
      }
    });
  });
}

/** Megabytes of an image beyond its base. */
export async function megabytesOver(base: string, image: string): Promise<number> {
  const sizes = await docker(['image', 'inspect', '--format', '{{.Size}}', image, base]);
  const [whole = NaN, below = NaN] = sizes.trim().split('\n').map(Number);
  return (whole - below) / 1e6;
}
