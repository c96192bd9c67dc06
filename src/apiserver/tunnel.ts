import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const MAX_LISTENERS = 30;

/** What a client's request to switch protocols is made of, beside its method and path. */
export function upgradeHeaders({ headers, headersDistinct }: IncomingMessage): IncomingHttpHeaders {
  const kept: IncomingHttpHeaders = { connection: 'Upgrade', upgrade: headers.upgrade };
  for (const [name, values] of Object.entries(headersDistinct)) {
    if (name.startsWith('sec-websocket-') || name === 'x-stream-protocol-version') kept[name] = values;
  }
  return kept;
}

/**
 * Passes a client's request to switch protocols on to a server, and then all bytes both ways, whatever the protocol: no more
 * waits here than one buffer each way. A refusal is passed on as it is. Resolves when either is gone; rejects when the server
 * can't be reached, and nothing was answered.
 */
export async function tunnel(call: ClientRequest, client: Duplex, head: Buffer): Promise<void> {
  client.once('close', () => call.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  call.on('error', reject);
  call.on('upgrade', (response: IncomingMessage, server: Duplex, first: Buffer) =>
    resolve({ response, server, first }),
  );
  call.on('response', (response: IncomingMessage) => resolve({ response }));
  call.end();
  const { response, server, first } = await promise;
  client.write(headerText(response));
  if (server === undefined) {
    await pipeline(response, client).catch(() => client.destroy());
    return;
  }
  server.on('error', () => server.destroy());
  // Each of the two ways listens for several things on both; that is no leak.
  for (const end of [client, server]) end.setMaxListeners(MAX_LISTENERS);
  if (first !== undefined && first.length > 0) client.write(first);
  if (head.length > 0) server.write(head);
  const ways = [pipeline(client, server), pipeline(server, client)].map((way) => way.catch(() => {}));
  await Promise.race([...ways, closed(client), closed(server)]);
  await Promise.all(ways);
  client.destroy();
  server.destroy();
}

interface Answer {
  response: IncomingMessage;
  server?: Duplex;
  first?: Buffer;
}

function headerText({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  const upgraded = statusCode === 101;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    // The body of a refusal is passed on unframed, and ends with the connection.
    if (!upgraded && /^(connection|transfer-encoding|keep-alive)$/i.test(name)) continue;
    lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  if (!upgraded) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function closed(stream: Duplex): Promise<void> {
  return stream.closed ? Promise.resolve() : new Promise((resolve) => stream.once('close', () => resolve()));
}
