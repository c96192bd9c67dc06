/**
 * What src/api offers (implemented in the files beside; all exported by index.ts).
 *
 * // scheme: the kinds that are served, from the generated description
 * resourceTypes(): readonly ResourceType[]
 * findResource(group, version, resource): ResourceType | undefined
 * findKind(apiVersion, kind): ResourceType | undefined
 *
 * // bodies
 * decodeProtobuf(body: Uint8Array): { object: UnstructuredObject }      envelope `k8s\0`; any known kind, DeleteOptions etc. too. ApiError 400 otherwise
 * decodeYaml / decodeJson(body, { strict: 'Strict' | 'Warn' | 'Ignore' }): { object, warnings } duplicate keys found, prototype pollution safe, depth bounded
 *
 * // semantics by description
 * checkFields(object, { fieldValidation }): { object (unknown fields dropped), warnings[], errors[] }   texts as kube-apiserver: `strict decoding error: unknown field "spec.foo"`; wrong types → 400 BadRequest text as json: cannot unmarshal …
 * applyDefaults(object): void           Kubernetes' defaulting for the kinds served
 * validate(object, type): FieldError[]           name, labels, required fields, enums, ranges, per kind rules (pod template, selector match, …)
 * validateUpdate(object, old, type): FieldError[]    immutable fields (ApiError.invalid prints `Deployment.apps "x" is invalid: spec.selector: Invalid value: …: field is immutable`)
 *
 * // patches
 * applyPatch(kind of patch, current: object, patch: parsed body, type): object
 *
 * // selectors
 * parseLabelSelector(text), selectorFromObject(LabelSelector): LabelSelector { matches(labels), empty, toString() }
 * parseFieldSelector(text): FieldSelector { matches(fields: (path) => string), requirements }; selectableFields(type, object)
 *
 * // printing
 * tableOf(type, objects, { now, includeObject }): Table (columns as Kubernetes' printers, priorities for wide); status/details errors
 * errors.notFound(type, name), alreadyExists, conflict, invalid(kind, name, fieldErrors), badRequest(text), forbidden(…), unauthorized(), gone/expired, methodNotAllowed, notAcceptable, unsupportedMediaType, tooLarge, tooManyRequests, timeout, internalError
 *
 * // documents
 * openApiV3Document(groupVersion): object;  openApiV3Index(): group versions; openApiV2Document()
 *
 * // quantities and times
 * parseQuantity('500m'): exact; compare, add, format; parseTime / formatTime / formatMicroTime; shortHumanDuration(ms) ("5m3s")
 * // names: isDns1123Label / Subdomain, generateName suffix alphabet
 */
export {};
