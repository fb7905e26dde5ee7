import { plainToInstance } from 'class-transformer';
import type { ValidationError } from 'class-validator';
import { PermanentError } from '../runtime/errors.js';
import { validationErrors } from '../validation/validate.js';

/** An event class: a name, a schema version, its publisher, and class-validator decorators on its properties. */
export type EventClass<Event extends object = object> = {
  new (): Event;
  readonly type: string;
  readonly version: number;
  readonly source: string;
};

/** What a worker can decode. */
export type Decodable<Event extends object = object> = {
  classes: readonly EventClass<Event>[];
  /** The content hash of an event's `data`. */
  contentHashOf: (data: object) => string;
};

export type Decoded<Event extends object = object> = {
  EventClass: EventClass<Event>;
  event: Event;
  /** Of `data` as received, with the properties that the class does not know. */
  contentHash: string;
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
  const { 'detail-type': type, source, detail } = value;
  if (typeof type !== 'string') throw problem('detail-type');
  if (!isObject(detail)) throw problem('detail');
  const { metadata, data } = detail;
  if (!isObject(metadata)) throw problem('detail.metadata');
  // class-validator accepts an empty array as a nested object.
  if (!isObject(data)) throw problem('detail.data');
  const { version } = metadata;
  if (!Number.isInteger(version)) throw problem('detail.metadata.version');
  return { type, source, version: version as number, detail: { ...detail, metadata, data } };
}

/** Runs what recurses into the event. */
function inside<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PermanentError('INVALID_EVENT', 'the event is nested too deeply to be read', {
      cause,
      path: 'detail',
    });
  }
}

/** Why a worker cannot decode the body; undefined if it can. */
export function whyMalformed(
  body: string,
  decodable: Decodable,
): { code: string; reason: string; path?: string } | undefined {
  try {
    decodeEvent(body, decodable);
    return undefined;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { code: error.code, reason: error.message, path: error.path };
  }
}

/**
 * The event in a message body, as an instance of its class. Unknown properties are ignored, because a newer publisher may
 * add some.
 * @throws PermanentError NOT_JSON, NOT_AN_ENVELOPE, UNKNOWN_EVENT_TYPE, UNKNOWN_EVENT_VERSION, UNKNOWN_EVENT_SOURCE,
 * INVALID_EVENT, or EVENT_MISMATCH when `data` is not what `metadata.contentHash` says
 */
export function decodeEvent<Event extends object>(
  body: string,
  { classes, contentHashOf }: Decodable<Event>,
): Decoded<Event> {
  const { type, source, version, detail } = readEnvelope(parseJson(body));
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
  if (source !== EventClass.source) {
    const message = `${type} comes from ${EventClass.source}, and this one does not`;
    throw new PermanentError('UNKNOWN_EVENT_SOURCE', message, { path: 'source' });
  }

  const event = inside(() => plainToInstance(EventClass, detail));
  const errors = inside(() => validationErrors(event, { onlyDeclared: false }));
  if (errors.length > 0) {
    const { path, message } = firstProblem(errors, 'detail');
    throw new PermanentError('INVALID_EVENT', `${path}: ${message}`, { path });
  }
  const contentHash = inside(() => contentHashOf(detail.data));
  const { contentHash: promised } = detail.metadata;
  if (promised !== undefined && promised !== contentHash) {
    const message = 'the data of the event was changed: it does not have the hash in its metadata';
    throw new PermanentError('EVENT_MISMATCH', message, { path: 'detail.metadata.contentHash' });
  }
  return { EventClass, event, contentHash };
}
