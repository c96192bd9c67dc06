import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { bidirectional, messagesOf } from './call.ts';
import type { EtcdContext } from './context.ts';
import type { WatchMessage } from './messages.ts';
import { WatchEncoder } from './watch-events.ts';
import { WatchStream } from './watch-stream.ts';

/** Service Watch: many watches on one stream. */
export function watchService(context: EtcdContext): UntypedServiceImplementation {
  const encoder = new WatchEncoder(context.protocol);
  return {
    Watch: bidirectional(context, async (call: ServerDuplexStream<WatchMessage, Buffer>) => {
      const failure = Promise.withResolvers<never>();
      const stream = new WatchStream(context, encoder, (bytes, done) => call.write(bytes, done), failure.reject);
      const read = async (): Promise<void> => {
        for await (const message of messagesOf<WatchMessage>(call)) stream.receive(message);
      };
      try {
        await Promise.race([read(), failure.promise]);
      } finally {
        stream.close();
      }
    }),
  };
}
