/** Reads the lines that other processes append to a file. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const LOOK_EVERY_MS = 100;

/**
 * Calls `onLine` for each line appended from now on. The file need not exist yet.
 * @param {string} file @param {(line: string) => void} onLine
 * @returns {() => void} stops following, after a last read
 */
export function followFile(file, onLine) {
  let position = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let rest = '';
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(65_536);
  const look = () => {
    const descriptor = openSync(file, 'r');
    try {
      // The file was truncated.
      if (fstatSync(descriptor).size < position) position = 0;
      for (;;) {
        const count = readSync(descriptor, buffer, 0, buffer.length, position);
        if (count === 0) return;
        position += count;
        const lines = (rest + decoder.write(buffer.subarray(0, count))).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(onLine);
      }
    } finally {
      closeSync(descriptor);
    }
  };
  const tryToLook = () => {
    try {
      look();
    } catch {
      // The file is missing or unreadable. The next look may succeed.
    }
  };
  const timer = setInterval(tryToLook, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    tryToLook();
    if (rest !== '') onLine(rest);
  };
}
