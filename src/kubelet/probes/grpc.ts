import { connect } from 'node:http2';
import type { v1 } from '../../api/index.ts';
import type { HandlerContext, HandlerResult } from './handlers.ts';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const defaultTimeoutMs = 1000;

/** Asks the standard health service whether `service` is serving. */
export function runGrpc(
  { port, service = '' }: v1.GRPCAction,
  host: string,
  timeoutMs = defaultTimeoutMs,
  { signal }: Pick<HandlerContext, 'signal'>,
): Promise<HandlerResult> {
  return new Promise((resolve) => {
    const session = connect(`http://${host}:${port}`);
    const finish = (result: HandlerResult): void => {
      limit.removeEventListener('abort', onTimeout);
      session.destroy();
      resolve(result);
    };
    const fail = (message: string): void => finish({ outcome: 'failure', message });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const onTimeout = (): void => fail(`timeout: health rpc did not complete within ${timeoutMs / 1000}s`);
    limit.addEventListener('abort', onTimeout, { once: true });
    session.once('error', (error) => fail(`timeout: failed to connect service "${host}:${port}": ${error.message}`));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let grpcStatus: string | undefined;
    const chunks: Buffer[] = [];
    const takeStatus = (headers: { 'grpc-status'?: unknown }): void => {
      if (headers['grpc-status'] !== undefined) grpcStatus = String(headers['grpc-status']);
    };
    stream.on('response', takeStatus).on('trailers', takeStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => fail(error.message));
    stream.on('end', () => {
      if (grpcStatus !== '0') {
        fail(
          grpcStatus === '12'
            ? 'this server does not implement the grpc health protocol'
            : `health rpc failed with code ${grpcStatus}`,
        );
        return;
      }
      const status = servingStatusOf(Buffer.concat(chunks));
      if (status === 1) finish({ outcome: 'success', message: 'service is serving' });
      else fail(`service unhealthy (responded with "${servingStatuses[status] ?? status}")`);
    });
    stream.end(requestFrame(service));
  });
}

/** A gRPC frame with `HealthCheckRequest { service = 1 }`. */
function requestFrame(service: string): Buffer {
  const name = Buffer.from(service);
  const lengthBytes: number[] = [];
  for (let rest = name.length; ; rest >>>= 7) {
    lengthBytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  const message = service === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...lengthBytes]), name]);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** `HealthCheckResponse { status = 1 }`, a small number in one byte; absent is 0. */
function servingStatusOf(frame: Buffer): number {
  const message = frame.subarray(5);
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
