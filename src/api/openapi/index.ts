export { openApiV2, openApiV2Protobuf } from './v2.ts';
export { type OpenApiDocument, type OpenApiIndex, openApiV3, openApiV3Index } from './v3.ts';
