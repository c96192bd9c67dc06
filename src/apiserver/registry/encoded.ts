import {
  encodeProtobuf,
  encodeWatchFrame,
  errors,
  type KubernetesObject,
  type UnstructuredObject,
} from '../../api/index.ts';
import type { DerivedHolder, DerivedMemory } from './derived-memory.ts';
import { freezeJson } from './json.ts';
import type { Encoded, EncodedEvent } from './types.ts';

/** Where metadata begins in a stored value: kind and apiVersion, which come before, hold no quotes. */
const METADATA = '"metadata":{';
/** A decoded object takes about so many bytes of memory for each byte of its JSON. */
const DECODED_FACTOR = 4;

/**
 * The bytes to be stored: kind, apiVersion and metadata first, and no resourceVersion, which is the revision at which
 * the store puts them and so can't be known yet.
 */
export function encodeValue(object: KubernetesObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object as UnstructuredObject;
  const { resourceVersion: _, ...kept } = metadata;
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata: kept, ...rest }));
}

/** An object as it lies in the store. Decoded and spliced only when somebody looks, once for all who do. */
export class StoredObject implements Encoded, DerivedHolder {
  readonly key: string;
  /** As `encodeValue` made it. */
  readonly value: Uint8Array;
  /** Also its resourceVersion. */
  readonly revision: number;
  readonly #memory: DerivedMemory;
  #object: UnstructuredObject | undefined;
  #json: Buffer | undefined;

  constructor(key: string, value: Uint8Array, revision: number, memory: DerivedMemory) {
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.#memory = memory;
  }

  get object(): UnstructuredObject {
    if (this.#object !== undefined) return this.#object;
    const object = this.#decode();
    // To make room for it, this very object may be told to forget it.
    this.adopt(object);
    return object;
  }

  /** Whether looking at `object` costs nothing. */
  get decoded(): boolean {
    return this.#object !== undefined;
  }

  json(): Buffer {
    if (this.#json !== undefined) return this.#json;
    const json = this.jsonWithin('', '');
    this.#json = json;
    this.#memory.hold(this, json.length);
    return json;
  }

  /** The object's JSON between two texts, in one copy. */
  jsonWithin(before: string, after: string): Buffer {
    if (this.#json !== undefined) return Buffer.concat([Buffer.from(before), this.#json, Buffer.from(after)]);
    const value = bufferOf(this.value);
    const found = value.indexOf(METADATA);
    if (found < 0) throw this.#corrupt();
    const splice = found + METADATA.length;
    return Buffer.concat([
      Buffer.from(before),
      value.subarray(0, splice),
      Buffer.from(`"resourceVersion":"${this.revision}"${value[splice] === CLOSING_BRACE ? '' : ','}`),
      value.subarray(splice),
      Buffer.from(after),
    ]);
  }

  /** Takes over an object that is known to be what the bytes say: saves decoding them. It becomes frozen. */
  adopt(object: UnstructuredObject): this {
    object.metadata.resourceVersion = String(this.revision);
    this.#object = freezeJson(object);
    this.#memory.hold(this, this.value.length * DECODED_FACTOR);
    return this;
  }

  /** The same content at another revision: what a DELETED event shows. */
  at(revision: number): StoredObject {
    return new StoredObject(this.key, this.value, revision, this.#memory);
  }

  release(): void {
    this.#object = undefined;
    this.#json = undefined;
  }

  #decode(): UnstructuredObject {
    try {
      const object = JSON.parse(bufferOf(this.value).toString()) as UnstructuredObject;
      if (typeof object.metadata === 'object' && object.metadata !== null) return object;
    } catch {}
    throw this.#corrupt();
  }

  #corrupt(): Error {
    return errors.internalError(`the store holds no object of the API at ${this.key}`);
  }
}

const CLOSING_BRACE = '}'.charCodeAt(0);

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An object that isn't stored as it is: converted, computed, or the outcome of a dry run. */
export class ComputedObject implements Encoded {
  readonly object: KubernetesObject;
  #json: Buffer | undefined;

  constructor(object: KubernetesObject) {
    this.object = freezeJson(object);
  }

  json(): Buffer {
    this.#json ??= Buffer.from(JSON.stringify(this.object));
    return this.#json;
  }
}

/** An event with its line of JSON, made once for all watchers. */
export class ObjectEvent implements EncodedEvent {
  readonly type: EncodedEvent['type'];
  readonly encoded: Encoded;
  #json: Buffer | undefined;
  #protobuf: Buffer | undefined;

  constructor(type: EncodedEvent['type'], encoded: Encoded) {
    this.type = type;
    this.encoded = encoded;
  }

  json(): Buffer {
    if (this.#json === undefined) {
      const before = `{"type":"${this.type}","object":`;
      this.#json =
        this.encoded instanceof StoredObject
          ? this.encoded.jsonWithin(before, '}\n')
          : Buffer.concat([Buffer.from(before), this.encoded.json(), Buffer.from('}\n')]);
    }
    return this.#json;
  }

  protobuf(): Buffer {
    this.#protobuf ??= encodeWatchFrame(this.type, encodeProtobuf(this.encoded.object));
    return this.#protobuf;
  }
}
