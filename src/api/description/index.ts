export { metaGroupVersion, structOf, structsOf, typeOf } from './reader.ts';
export type * from './types.ts';
