import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { errors } from '../../api/index.ts';
import type { User } from '../registry/types.ts';
import type { Authenticator } from './types.ts';

/**
 * Client certificates signed by the cluster's CA: the common name is the user, the organisations are the groups
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates).
 */
export function x509Authenticator(): Authenticator {
  // A connection's certificate never changes: read it once a socket.
  const users = new WeakMap<TLSSocket, User>();
  return {
    async authenticate(request: IncomingMessage): Promise<User | undefined> {
      const socket = request.socket as TLSSocket;
      const known = users.get(socket);
      if (known !== undefined) return known;
      if (typeof socket.getPeerCertificate !== 'function') return undefined;
      const certificate = socket.getPeerCertificate();
      if (certificate === null || certificate.subject === undefined) return undefined;
      if (!socket.authorized) throw errors.unauthorized();
      const name = last(certificate.subject.CN);
      if (name === undefined) return undefined;
      const user: User = { name, groups: list(certificate.subject.O) };
      users.set(socket, user);
      return user;
    },
  };
}

function list(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function last(value: string | string[] | undefined): string | undefined {
  return list(value).at(-1);
}
