import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { patchBody, readPatch } from './patch.js';

const BODY = '{"detail":{"data":{"items":[{"quantity":0}]}}}';

describe('patchBody', () => {
  it('applies the operations in order', () => {
    const patch = readPatch(
      '[{"op":"replace","path":"/detail/data/items/0/quantity","value":2},{"op":"copy","from":"/detail/data/items/0/quantity","path":"/n"}]',
    );
    expect(patchBody(BODY, patch)).toEqual({ body: '{"detail":{"data":{"items":[{"quantity":2}]}},"n":2}' });
    // The patch is not used up by the first body.
    expect(patchBody(BODY, patch)).toHaveProperty('body');
  });

  it('names the operation that does not apply', () => {
    const patch = readPatch('[{"op":"add","path":"/x","value":1},{"op":"remove","path":"/detail/nothing"}]');
    expect(patchBody(BODY, patch)).toEqual({
      refusal: {
        code: 'PATCH_DOES_NOT_APPLY',
        reason: 'operation 2 (remove /detail/nothing) does not apply: MissingError',
        path: '/detail/nothing',
      },
    });
  });

  it('refuses a file that is not UTF-8, which would change characters', () => {
    const folder = mkdtempSync(join(tmpdir(), 'orderflow-patch-'));
    const file = join(folder, 'patch.json');
    writeFileSync(file, Buffer.from('[{"op":"add","path":"/n","value":"Caf\xe9"}]', 'latin1'));
    try {
      expect(() => readPatch(file)).toThrow(/utf-8/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('replaces a body that is not JSON as a whole', () => {
    const patch = readPatch('[{"op":"replace","path":"","value":{"a":1}}]');
    expect(patchBody('not json', patch)).toEqual({ body: '{"a":1}' });
  });
});

describe('readPatch', () => {
  it('reads a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'patch-'));
    const file = join(folder, 'patch.json');
    writeFileSync(file, '[{"op":"remove","path":"/x"}]');
    expect(readPatch(file)).toEqual([{ op: 'remove', path: '/x' }]);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['[', '--patch takes a JSON patch'],
    ['no-such-file.json', '--patch takes a JSON patch'],
    ['[]', 'list of operations'],
    ['[{"op":"put","path":"/x"}]', 'Operation 1 of the patch'],
    ['[{"op":"remove","path":"x"}]', 'Operation 1 of the patch'],
    ['[{"op":"remove","path":"/x"},{"op":"add","path":"/x"}]', 'Operation 2 of the patch'],
    ['[{"op":"move","path":"/x","from":3}]', 'Operation 1 of the patch'],
    ['[null]', 'Operation 1 of the patch'],
  ])('refuses %s', (text, message) => {
    expect(() => readPatch(text)).toThrow(message);
  });
});
