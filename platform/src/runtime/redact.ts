const REDACTED = '[redacted]';

/**
 * Copies `value` and replaces every property with one of these names, at any depth, by "[redacted]".
 * @param names in lower case; they match properties in any case
 */
export function redact(value: unknown, names: ReadonlySet<string>, copies = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const element of value) list.push(redact(element, names, copies));
    return list;
  }
  const copy: Record<string, unknown> = {};
  copies.set(value, copy);
  for (const [name, inner] of Object.entries(value)) copy[name] = redactField(name, inner, names, copies);
  // An error's stack begins with its message.
  const { message, stack } = value as { message?: unknown; stack?: unknown };
  if (copy.message === REDACTED && typeof message === 'string' && typeof copy.stack === 'string') {
    copy.stack = String(stack).replaceAll(message, REDACTED);
  }
  return copy;
}

/** The same for one property. */
export function redactField(
  name: string,
  value: unknown,
  names: ReadonlySet<string>,
  copies?: Map<object, unknown>,
): unknown {
  if (value === undefined) return undefined;
  return names.has(name.toLowerCase()) ? REDACTED : redact(value, names, copies);
}
