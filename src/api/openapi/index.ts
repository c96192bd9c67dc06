export { type OpenApiDocument, type OpenApiIndex, openApiV3, openApiV3Index } from './v3.ts';
