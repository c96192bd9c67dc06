/** Answers in Kubernetes' protobuf: see decode/protobuf.ts for the way in. */
import { typeOf } from '../description/index.ts';
import type { PlainObject } from '../plain.ts';
import { encodeMessage } from './message.ts';
import { BackwardWriter } from './wire.ts';

const prefix = Buffer.from('k8s\0');

/** Whether objects of a kind have a protobuf form: those of custom resources, for one, have none. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  return typeOf(apiVersion, kind) !== undefined;
}

/**
 * A body of `application/vnd.kubernetes.protobuf`: the object's message in an envelope that names its kind. Throws TypeError for a
 * kind that has none: see `hasProtobuf`.
 */
export function encodeProtobuf(object: { apiVersion: string; kind: string }): Buffer {
  const { apiVersion, kind } = object;
  const type = typeOf(apiVersion, kind);
  if (type === undefined) throw new TypeError(`${kind} of ${apiVersion} has no protobuf form`);
  const writer = new BackwardWriter();
  // Content encoding and type: none but the usual ones.
  empty(writer, 4);
  empty(writer, 3);
  const beforeRaw = writer.length;
  writer.bytes(encodeMessage(type, object as unknown as PlainObject));
  writer.block(2, beforeRaw);
  const beforeMeta = writer.length;
  text(writer, 2, kind);
  text(writer, 1, apiVersion);
  writer.block(1, beforeMeta);
  writer.bytes(prefix);
  return writer.finish();
}

/**
 * One frame of `application/vnd.kubernetes.protobuf;stream=watch`: its length in four bytes, then a WatchEvent with the object's
 * whole body in it.
 */
export function encodeWatchFrame(type: string, body: Buffer): Buffer {
  const writer = new BackwardWriter(body.length + 64);
  writer.bytes(body);
  writer.block(1, 0);
  writer.block(2, 0);
  text(writer, 1, type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(writer.length);
  writer.bytes(length);
  return writer.finish();
}

function text(writer: BackwardWriter, number: number, value: string): void {
  const before = writer.length;
  writer.text(value);
  writer.block(number, before);
}

function empty(writer: BackwardWriter, number: number): void {
  writer.block(number, writer.length);
}
