import {
  AwsJson1_0Protocol,
  AwsJson1_1Protocol,
  JsonCodec2,
  JsonShapeDeserializer2,
  JsonShapeSerializer2,
} from '@aws-sdk/core/protocols';

/** What the codec's base class asks for; nothing here reads it. */
const SETTINGS = { timestampFormat: { useTrait: true, default: 7 as const }, jsonName: false };

class WireSerializer extends JsonShapeSerializer2 {
  #value: unknown;

  override write(_schema: unknown, value: unknown): void {
    this.#value = value;
  }

  override flush(): Buffer {
    const text = JSON.stringify(this.#value);
    this.#value = undefined;
    return Buffer.from(text);
  }
}

class WireDeserializer extends JsonShapeDeserializer2 {
  override read(_schema: unknown, data: Uint8Array | string): Promise<unknown> {
    // An answer that is no JSON is the call's error, and not one of whoever asks.
    return Promise.resolve().then(() => JSON.parse(Buffer.from(data).toString()) as unknown);
  }

  override readObject(_schema: unknown, data: unknown): unknown {
    return data;
  }
}

class WireCodec extends JsonCodec2 {
  override createSerializer(): WireSerializer {
    return new WireSerializer(SETTINGS);
  }

  override createDeserializer(): WireDeserializer {
    return new WireDeserializer(SETTINGS);
  }
}

/*
 * The SDK's JSON protocols for calls whose input and output are as they go over the wire: no binary values, and times that
 * write themselves (`wireTime`). The SDK walks each value by its schema, and each text by its characters; these leave both
 * to JSON.stringify and JSON.parse.
 */

/** DynamoDB and SQS speak it. */
export class WireJson10Protocol extends AwsJson1_0Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_0Protocol>[0]) {
    super({ ...settings, jsonCodec: new WireCodec(SETTINGS) });
  }
}

/** EventBridge speaks it. */
export class WireJson11Protocol extends AwsJson1_1Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_1Protocol>[0]) {
    super({ ...settings, jsonCodec: new WireCodec(SETTINGS) });
  }
}

/** A time that is written as these protocols have it, in epoch seconds. */
export function wireTime(epochMs: number): Date {
  return Object.assign(new Date(epochMs), { toJSON: () => epochMs / 1_000 });
}

/** Bytes that are written as these protocols have them, in base64; to any other client they are bytes. */
export function wireBytes(base64: string): Uint8Array {
  return Object.assign(new Uint8Array(Buffer.from(base64, 'base64')), { toJSON: () => base64 });
}

/** Bytes that were received: the wire's base64, where the SDK's types and its other clients have bytes. */
export function bytesOf(received: unknown): Buffer {
  return typeof received === 'string' ? Buffer.from(received, 'base64') : Buffer.from(received as Uint8Array);
}
