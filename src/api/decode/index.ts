export { type BodyFormat, type DecodedBody, decodeBody, type ParsedObject, parseBody, requireKind } from './body.ts';
export {
  type CheckedFields,
  type CheckOptions,
  checkFields,
  type DecodingMistake,
  type FieldValidation,
} from './fields.ts';
export { goPrinted } from './go-names.ts';
export { BodySyntaxError, type ParsedBody, parseJson } from './json.ts';
export { decodeProtobuf, type ExpectedKind } from './protobuf.ts';
export { parseYaml } from './yaml.ts';
export { resetStatus } from './zero.ts';
