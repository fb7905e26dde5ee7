import { plainToInstance } from 'class-transformer';
import type { ValidationError } from 'class-validator';
import { PermanentError } from '../runtime/errors.js';
import { validationErrors } from '../validation/validate.js';

/** An event class: a name, a schema version, and class-validator decorators on its properties. */
export type EventClass<Event extends object = object> = {
  new (): Event;
  readonly type: string;
  readonly version: number;
};

/** The path and message of the deepest error in the first branch. */
function firstProblem(errors: ValidationError[], parent = ''): { path: string; message: string } {
  const [error] = errors;
  if (!error) return { path: parent, message: 'is invalid' };
  const path = /^\d+$/.test(error.property)
    ? `${parent}[${error.property}]`
    : [parent, error.property].filter(Boolean).join('.');
  // The first decorator is evaluated last. It names the kind of value, which matters before its limits.
  const message = Object.values(error.constraints ?? {}).at(-1);
  return message === undefined ? firstProblem(error.children ?? [], path) : { path, message };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new PermanentError('NOT_JSON', 'the message body is not JSON', { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEnvelope(value: unknown) {
  const problem = (path: string) =>
    new PermanentError(
      'NOT_AN_ENVELOPE',
      `the message is not an EventBridge event of ours: ${path} is missing or wrong`,
      { path },
    );
  if (!isObject(value)) throw problem('body');
  const { 'detail-type': type, detail } = value;
  if (typeof type !== 'string') throw problem('detail-type');
  if (!isObject(detail)) throw problem('detail');
  if (!isObject(detail.metadata)) throw problem('detail.metadata');
  // class-validator accepts an empty array as a nested object.
  if (!isObject(detail.data)) throw problem('detail.data');
  const { version } = detail.metadata;
  if (!Number.isInteger(version)) throw problem('detail.metadata.version');
  return { type, version: version as number, detail };
}

function validate<Event extends object>(EventClass: EventClass<Event>, detail: object) {
  try {
    const event = plainToInstance(EventClass, detail);
    return { event, errors: validationErrors(event, { onlyDeclared: false }) };
  } catch (cause) {
    // Both recurse into the value.
    throw new PermanentError('INVALID_EVENT', 'the event is nested too deeply to be read', {
      cause,
      path: 'detail',
    });
  }
}

/** Why a worker that handles these events cannot decode the body; undefined if it can. */
export function whyMalformed(
  body: string,
  classes: readonly EventClass[],
): { code: string; reason: string; path?: string } | undefined {
  try {
    decodeEvent(body, classes);
    return undefined;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { code: error.code, reason: error.message, path: error.path };
  }
}

/**
 * The event in a message body, as an instance of its class. Unknown properties are ignored, because a newer publisher may
 * add some.
 * @throws PermanentError NOT_JSON, NOT_AN_ENVELOPE, UNKNOWN_EVENT_TYPE, UNKNOWN_EVENT_VERSION or INVALID_EVENT
 */
export function decodeEvent<Event extends object>(
  body: string,
  classes: readonly EventClass<Event>[],
): { EventClass: EventClass<Event>; event: Event } {
  const { type, version, detail } = readEnvelope(parseJson(body));
  const ofType = classes.filter((candidate) => candidate.type === type);
  if (ofType.length === 0) {
    const message = `no handler for events of type ${JSON.stringify(type.slice(0, 100))}`;
    throw new PermanentError('UNKNOWN_EVENT_TYPE', message, { path: 'detail-type' });
  }
  const EventClass = ofType.find((candidate) => candidate.version === version);
  if (!EventClass) {
    throw new PermanentError('UNKNOWN_EVENT_VERSION', `${type} of version ${version} is not understood here`, {
      path: 'detail.metadata.version',
    });
  }

  const { event, errors } = validate(EventClass, detail);
  if (errors.length > 0) {
    const { path, message } = firstProblem(errors, 'detail');
    throw new PermanentError('INVALID_EVENT', `${path}: ${message}`, { path });
  }
  return { EventClass, event };
}
