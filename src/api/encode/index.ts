export { encodeProtobuf, encodeWatchFrame, hasProtobuf } from './protobuf.ts';
