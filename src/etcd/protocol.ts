import { readFileSync } from 'node:fs';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** etcd's services as gRPC knows them, out of `etcd.proto`. */
export interface Protocol {
  /** `name` without package, such as `KV`. */
  service(name: string): ServiceDefinition;
  /** A message's bytes. */
  encode(message: string, value: object): Buffer;
}

const PACKAGE = 'etcdserverpb';

/** Costs some milliseconds and megabytes: only for who serves the API, or speaks it. */
export function loadProtocol(): Protocol {
  const { root } = protobuf.parse(readFileSync(new URL('./etcd.proto', import.meta.url), 'utf8'));
  root.resolveAll();
  return {
    service(name) {
      const service = root.lookupService(`${PACKAGE}.${name}`);
      return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodDefinition(name, method)]));
    },
    encode: (message, value) => encode(root.lookupType(`${PACKAGE}.${message}`), value),
  };
}

function methodDefinition(service: string, method: protobuf.Method): MethodDefinition<object, object> {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (request === null || response === null) throw new TypeError(`${method.fullName} is not resolved`);
  return {
    path: `/${PACKAGE}.${service}/${method.name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: (value) => encode(request, value),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (value) => encode(response, value),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** What is encoded already, passes: the watch shares bytes between watchers. */
function encode(type: protobuf.Type, value: object): Buffer {
  return Buffer.isBuffer(value) ? value : (type.encode(value).finish() as Buffer);
}
