import {
  AwsJson1_0Protocol,
  AwsJson1_1Protocol,
  JsonCodec2,
  JsonShapeDeserializer2,
  JsonShapeSerializer2,
} from '@aws-sdk/core/protocols';

/** The base classes require them; nothing here reads them. */
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
    // A response that is not JSON rejects the call; it must not throw synchronously.
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

class WireJson10Protocol extends AwsJson1_0Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_0Protocol>[0]) {
    super({ ...settings, jsonCodec: new WireCodec(SETTINGS) });
  }
}

class WireJson11Protocol extends AwsJson1_1Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_1Protocol>[0]) {
    super({ ...settings, jsonCodec: new WireCodec(SETTINGS) });
  }
}

/*
 * Client options that leave request and response bodies to JSON.stringify and JSON.parse. The SDK walks each value by its
 * schema, and each text by its characters. Values must have their wire form: see `wireTime`, `wireBytes` and `bytesOf`.
 */

/** For DynamoDB and SQS. */
export const wireJson10 = { protocol: WireJson10Protocol };
/** For EventBridge. */
export const wireJson11 = { protocol: WireJson11Protocol };

/** A date that serialises to epoch seconds. Any other client sees a plain date. */
export function wireTime(epochMs: number): Date {
  return Object.assign(new Date(epochMs), { toJSON: () => epochMs / 1_000 });
}

/** Bytes that serialise to base64. Any other client sees plain bytes. */
export function wireBytes(base64: string): Uint8Array {
  return Object.assign(new Uint8Array(Buffer.from(base64, 'base64')), { toJSON: () => base64 });
}

/** The bytes of a received binary value: base64 on the wire, where the SDK's types promise bytes. */
export function bytesOf(received: unknown): Buffer {
  return typeof received === 'string' ? Buffer.from(received, 'base64') : Buffer.from(received as Uint8Array);
}
