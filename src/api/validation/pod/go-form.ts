import { isPlainObject, type PlainObject } from '../../plain.ts';

/**
 * A value as Kubernetes' texts print it: with the names that the fields have in Go, and null for those
 * that aren't given.
 */
export function goForm<T extends object>(value: T, fields: readonly (keyof T & string)[]): PlainObject {
  return Object.fromEntries(fields.map((field) => [goName(field), goValue(value[field] ?? null)]));
}

function goValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(goValue);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [goName(name), goValue(part)]));
}

/** A field's name in Go. */
export function goName(field: string): string {
  return irregular[field] ?? `${field[0]!.toUpperCase()}${field.slice(1)}`;
}

const irregular: Readonly<Record<string, string>> = {
  seLinuxOptions: 'SELinuxOptions',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  dnsPolicy: 'DNSPolicy',
  dnsConfig: 'DNSConfig',
  os: 'OS',
  tty: 'TTY',
  httpGet: 'HTTPGet',
  tcpSocket: 'TCPSocket',
  grpc: 'GRPC',
};
