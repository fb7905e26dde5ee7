import { readFileSync } from 'node:fs';
import { applyPatch, type Operation } from 'rfc6902';
import type { Refusal } from '@orderflow/domain/dead-letters/replay-rules';
import { toError } from '@orderflow/platform/runtime/errors';
import { OperatorError } from '../operator-error.js';
import { parseJson } from '../parse-json.js';

/** A lenient decoder would write U+FFFD into the body. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
/** JSON pointer (RFC 6901). */
const isPointer = (value: unknown): boolean => typeof value === 'string' && /^(\/.*)?$/s.test(value);

function isOperation(value: unknown): value is Operation {
  if (typeof value !== 'object' || value === null) return false;
  const { op, path, from } = value as Record<string, unknown>;
  if (!isPointer(path)) return false;
  if (op === 'add' || op === 'replace' || op === 'test') return 'value' in value;
  return op === 'remove' || ((op === 'move' || op === 'copy') && isPointer(from));
}

/**
 * Reads a JSON patch (RFC 6902) from an argument or from a file that it names.
 * @throws OperatorError
 */
export function readPatch(text: string): Operation[] {
  let patch: unknown;
  try {
    patch = JSON.parse(text.trimStart().startsWith('[') ? text : UTF_8.decode(readFileSync(text)));
  } catch (error) {
    throw new OperatorError(
      `--patch takes a JSON patch, or a file with one, as '[{"op":"replace","path":"/detail/data/totalAmount","value":12.5}]': ${toError(error).message}`,
      { cause: error },
    );
  }
  if (!Array.isArray(patch) || patch.length === 0) throw new OperatorError('The patch must be a list of operations.');
  const wrong = patch.findIndex((operation) => !isOperation(operation));
  if (wrong >= 0) {
    throw new OperatorError(
      `Operation ${wrong + 1} of the patch is not one of RFC 6902: it needs op, a path that is empty or starts with /, and value or from where the op calls for it.`,
    );
  }
  return patch as Operation[];
}

/** Returns the patched body, or the operation that failed. A body that is not JSON can only be replaced whole. */
export function patchBody(body: string, patch: readonly Operation[]): { body: string } | { refusal: Refusal } {
  // The library cannot replace a root, so the body is wrapped.
  const holder = { body: parseJson(body) ?? null };
  const below = structuredClone(patch).map((operation) => ({
    ...operation,
    path: `/body${operation.path}`,
    ...('from' in operation ? { from: `/body${operation.from}` } : {}),
  })) as Operation[];
  for (const [index, operation] of below.entries()) {
    const [failure] = applyPatch(holder, [operation]);
    if (!failure) continue;
    const { op, path } = patch[index] ?? operation;
    const reason = `operation ${index + 1} (${op} ${path || 'the whole body'}) does not apply: ${failure.name}`;
    return { refusal: { code: 'PATCH_DOES_NOT_APPLY', reason, path } };
  }
  return { body: JSON.stringify(holder.body) };
}
