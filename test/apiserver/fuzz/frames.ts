import fc from 'fast-check';
import { encodeFrame, type Frame } from '../../../src/streams/spdy/frames.ts';
import { HeaderWriter } from '../../../src/streams/spdy/headers.ts';

/* What somebody may send who has switched protocols: frames of all kinds, and such frames with something wrong in them. */

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** One thing that is done to what is sent: a byte changed, some left out, some twice, some added. */
type Mutation = readonly ['flip' | 'cut' | 'double' | 'insert' | 'swap', number, Buffer];
const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.constantFrom('flip' as const, 'cut' as const, 'double' as const, 'insert' as const, 'swap' as const),
  fc.nat(),
  bytes(12),
);

function mutate(whole: Buffer, [kind, place, more]: Mutation): Buffer {
  const at = whole.length === 0 ? 0 : place % whole.length;
  const [before, after] = [whole.subarray(0, at), whole.subarray(at)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (more.length % 8))]), after.subarray(1)]);
    case 'cut':
      return Buffer.concat([before, after.subarray(more.length)]);
    case 'double':
      return Buffer.concat([whole, after]);
    case 'insert':
      return Buffer.concat([before, more, after]);
    case 'swap':
      return Buffer.concat([after, before]);
  }
}

/** What is sent in parts, as a network may cut it. */
export type Parts = readonly Buffer[];

function sent(frames: fc.Arbitrary<Buffer>): fc.Arbitrary<Parts> {
  return fc
    .tuple(
      fc.array(fc.oneof({ weight: 12, arbitrary: frames }, { weight: 1, arbitrary: bytes(200) }), { maxLength: 12 }),
      fc.array(mutation, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 4 }),
    )
    .map(([whole, mutations, cuts]) => {
      const all = mutations.reduce(mutate, Buffer.concat(whole));
      const places = [
        0,
        ...cuts.map((cut) => (all.length === 0 ? 0 : cut % all.length)).sort((a, b) => a - b),
        all.length,
      ];
      return places.slice(1).map((end, index) => all.subarray(places[index], end));
    });
}

const uint = (most: number) => fc.oneof(fc.constantFrom(0, 1, 2, most - 1, most), fc.integer({ min: 0, max: most }));
const id31 = uint(0x7fffffff);
const streamId = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(0, 1, 2, 3, 5, 7) }, { weight: 1, arbitrary: id31 });

// RFC 9113, section 4.1.
function http2Frame(type: number, flags: number, stream: number, body: Buffer, claimed = body.length): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(claimed & 0xffffff, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, body]);
}

/** Headers as HPACK has them (RFC 7541, section 6.2.2), each written out. */
function headerBlock(pairs: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer =>
    Buffer.from(`\0${value.slice(0, 126)}`).fill(Math.min(value.length, 126), 0, 1);
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

const path = fc.constantFrom(
  '/version',
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/pods?watch=1&timeoutSeconds=1',
  '/apis/apps/v1/deployments?limit=1',
  '*',
  '',
  '//',
);
const requestHeaders = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'DELETE', 'CONNECT', 'PRI', ''),
    path,
    fc.array(
      fc.tuple(
        fc.constantFrom(
          'content-length',
          'content-type',
          'te',
          'connection',
          'host',
          ':path',
          'Upper',
          'x',
          'cookie',
          '',
        ),
        fc.oneof(
          fc.constantFrom('0', '-1', '99999999999', 'application/json', 'trailers'),
          fc.string({ maxLength: 20 }),
        ),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([method, where, more]) =>
    headerBlock([[':method', method], [':scheme', 'https'], [':authority', 'x'], [':path', where], ...more]),
  );

const settings = fc.array(fc.tuple(uint(0xffff), uint(0xffffffff)), { maxLength: 6 }).map((pairs) => {
  const body = Buffer.alloc(pairs.length * 6);
  for (const [index, [name, value]] of pairs.entries()) {
    body.writeUInt16BE(name, index * 6);
    body.writeUInt32BE(value, index * 6 + 2);
  }
  return body;
});

const word = uint(0xffffffff).map((value) => {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(value);
  return body;
});
const END_STREAM = 1;
const END_HEADERS = 4;
const http2Frames = fc.oneof(
  fc
    .tuple(streamId, requestHeaders, fc.constantFrom(END_HEADERS, END_HEADERS | END_STREAM, 0, 0x2d))
    .map(([stream, block, flags]) => http2Frame(1, flags, stream, block)),
  fc.tuple(streamId, bytes(100), uint(255)).map(([stream, body, flags]) => http2Frame(0, flags, stream, body)),
  fc.tuple(streamId, word).map(([stream, body]) => http2Frame(3, 0, stream, body)),
  fc.tuple(fc.constantFrom(0, 1), settings).map(([flags, body]) => http2Frame(4, flags, 0, body)),
  fc.tuple(fc.constantFrom(0, 1), bytes(9)).map(([flags, body]) => http2Frame(6, flags, 0, body)),
  fc.tuple(streamId, word, word).map(([stream, a, b]) => http2Frame(7, 0, stream, Buffer.concat([a, b]))),
  fc.tuple(streamId, word).map(([stream, body]) => http2Frame(8, 0, stream, body)),
  fc.tuple(streamId, bytes(60), uint(255)).map(([stream, body, flags]) => http2Frame(9, flags, stream, body)),
  fc
    .tuple(uint(255), uint(255), id31, bytes(40), uint(0xffffff))
    .map(([type, flags, stream, body, claimed]) => http2Frame(type, flags, stream, body, claimed)),
);

/** A client's side of an HTTP/2 connection; often it begins as it should. */
export const http2Parts: fc.Arbitrary<Parts> = fc.tuple(fc.boolean(), sent(http2Frames)).map(([proper, parts]) => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  return proper ? [Buffer.concat([preface, http2Frame(4, 0, 0, Buffer.alloc(0))]), ...parts] : [preface, ...parts];
});

/** RFC 6455, section 5.2. `claimed` is the length that it says it has. */
function webSocketFrame(first: number, masked: boolean, body: Buffer, claimed: number): Buffer {
  const bit = masked ? 0x80 : 0;
  const length = claimed < 126 ? Buffer.from([bit | claimed]) : Buffer.alloc(claimed < 65_536 ? 3 : 9);
  if (length.length === 3) {
    length[0] = bit | 126;
    length.writeUInt16BE(claimed, 1);
  } else if (length.length === 9) {
    length[0] = bit | 127;
    length.writeBigUInt64BE(BigInt(claimed), 1);
  }
  // Masked with nothing.
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(masked ? 4 : 0), body]);
}

const channelMessage = fc
  .tuple(
    fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 255, 48, 52), uint(255)),
    fc.oneof(
      bytes(60),
      fc
        .constantFrom('{"Width":1e9,"Height":-1}', '{"Width":80,"Height":24}', '{'.repeat(900), '\0')
        .map((text) => Buffer.from(text)),
    ),
  )
  .map(([channel, body]) => Buffer.concat([Buffer.from([channel]), body]));

const webSocketFrames = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(0x82, 0x81, 0x02, 0x01, 0x80, 0x00), channelMessage)
      .map(([first, body]) => webSocketFrame(first, true, body, body.length)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(0x88, 0x89, 0x8a, 0x08), bytes(130))
      .map(([first, body]) => webSocketFrame(first, true, body, body.length)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(uint(255), fc.boolean(), bytes(60), uint(2 ** 40))
      .map(([first, masked, body, claimed]) => webSocketFrame(first, masked, body, claimed)),
  },
);
export const webSocketParts = sent(webSocketFrames);

/** Commands of the watch API, more or less. */
const watchCommands = fc
  .oneof(
    fc.record(
      {
        op: fc.constantFrom('watch', 'stop', 'ack', 'x'),
        id: fc.oneof(fc.constantFrom(0, 1, -1, 1e300), fc.string({ maxLength: 4 })),
        apiVersion: fc.constantFrom('v1', 'apps/v1', '', '__proto__'),
        resource: fc.constantFrom('pods', 'configmaps', '../x', 'constructor'),
        namespace: fc.constantFrom('default', '', '__proto__'),
        resourceVersion: fc.constantFrom('', '0', '1', '-1', '9'.repeat(30)),
        labelSelector: fc.constantFrom('a in (', 'a=b'),
        window: fc.oneof(fc.integer(), fc.constantFrom(0, 1e9, 'x')),
        count: fc.integer(),
      },
      { requiredKeys: ['op'] },
    ),
    fc.anything(),
  )
  .map((value) => Buffer.from(JSON.stringify(value) ?? 'undefined'));
export const watchApiParts = sent(
  fc.oneof(
    { weight: 3, arbitrary: watchCommands.map((body) => webSocketFrame(0x81, true, body, body.length)) },
    { weight: 1, arbitrary: webSocketFrames },
  ),
);

/** `ports` are some that answer. */
const streamHeaders = (ports: readonly string[]) =>
  fc.oneof(
    fc.dictionary(
      fc.constantFrom('port', 'streamtype', 'requestid', 'x'),
      fc.constantFrom(...ports, '0', '65536', '-1', 'data', 'error', 'stdin', 'stdout', 'resize', '1', ''),
      { noNullPrototype: true },
    ),
    fc.record(
      {
        streamtype: fc.constantFrom('error', 'data', 'stdin', 'stdout', 'stderr', 'resize'),
        port: fc.constantFrom(...ports),
        requestid: fc.constantFrom('0', '1'),
      },
      { requiredKeys: ['streamtype'], noNullPrototype: true },
    ),
  );

/** A connection's frames share one compressor: they are made together. */
export const spdyParts = (ports: readonly string[]): fc.Arbitrary<Parts> =>
  fc
    .array(
      fc.oneof(
        fc.record({ type: fc.constant('open' as const), streamId, fin: fc.boolean(), headers: streamHeaders(ports) }),
        fc.record({ type: fc.constant('data' as const), streamId, fin: fc.boolean(), data: bytes(300) }),
        fc.record({
          type: fc.constantFrom('syn-stream' as const, 'syn-reply' as const, 'headers' as const),
          streamId,
          fin: fc.boolean(),
          unidirectional: fc.boolean(),
          headers: bytes(60),
        }),
        fc.record({ type: fc.constant('rst-stream' as const), streamId, status: uint(0xffffffff) }),
        fc.record({
          type: fc.constant('settings' as const),
          values: fc.array(fc.tuple(fc.constantFrom(0, 4, 7, 255), uint(0xffffffff)), { maxLength: 4 }),
        }),
        fc.record({ type: fc.constant('ping' as const), id: uint(0xffffffff) }),
        fc.record({ type: fc.constant('goaway' as const), lastStreamId: id31, status: uint(0xffffffff) }),
        fc.record({ type: fc.constant('window-update' as const), streamId, delta: id31 }),
      ),
      { maxLength: 12 },
    )
    .chain((frames) => {
      const writer = new HeaderWriter();
      const encoded = frames.map((frame) => {
        const wired: Frame =
          frame.type === 'open'
            ? {
                ...frame,
                type: 'syn-stream',
                unidirectional: false,
                headers: writer.write(new Map(Object.entries(frame.headers))),
              }
            : (frame as Frame);
        return Buffer.concat(encodeFrame(wired));
      });
      return sent(fc.constant(Buffer.concat(encoded)));
    });
