import { createRequire } from 'node:module';
import type { EncodedEvent } from '../registry/types.ts';
import { JSON_PROTOCOL, MSGPACK_PROTOCOL, type WatchId } from './protocol.ts';

/** How messages look on one socket. */
export interface Codec {
  decode(data: Buffer): unknown;
  encode(message: unknown): Buffer | string;
  /** An event; what all readers share is encoded once. */
  encodeEvent(id: WatchId, event: EncodedEvent): Buffer | string;
  binary: boolean;
}

/** The codec of a subprotocol; undefined for one we don't speak. */
export function codecOf(protocol: string): Codec | undefined {
  if (protocol === JSON_PROTOCOL) return jsonCodec;
  return protocol === MSGPACK_PROTOCOL ? msgpackCodec() : undefined;
}

const jsonCodec: Codec = {
  binary: false,
  decode: (data) => JSON.parse(data.toString()),
  encode: (message) => JSON.stringify(message),
  encodeEvent(id, { type, encoded }) {
    // The object's bytes are shared by all watchers: only the frame around them is made here.
    return Buffer.concat([
      Buffer.from(`{"id":${JSON.stringify(id)},"type":"${type}","object":`),
      encoded.json(),
      closing,
    ]);
  },
};

const closing = Buffer.from('}');

/** msgpack bytes of an object, made once for all sockets that want them. */
const packedObjects = new WeakMap<object, Buffer>();
let codec: Codec | undefined;

function msgpackCodec(): Codec {
  if (codec !== undefined) return codec;
  const { Packr } = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
  const packr = new Packr({ useRecords: false });
  codec = {
    binary: true,
    decode: (data) => packr.unpack(data),
    encode: (message) => packr.pack(message),
    encodeEvent(id, { type, encoded }) {
      let object = packedObjects.get(encoded);
      if (object === undefined) {
        object = packr.pack(encoded.object);
        packedObjects.set(encoded, object);
      }
      // A map of three: the last value is the shared bytes, which are a msgpack value of their own.
      return Buffer.concat([
        mapOfThree,
        packr.pack('id'),
        packr.pack(id),
        packr.pack('type'),
        packr.pack(type),
        packr.pack('object'),
        object,
      ]);
    },
  };
  return codec;
}

const mapOfThree = Buffer.from([0x83]);
