import { quote } from './text.ts';

/** Why a field is wrong; the values go over the wire as a cause's `reason`. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** What is wrong with one field of an object. */
export interface FieldError {
  type: FieldErrorType;
  /** `spec.containers[0].name`; build it with FieldPath. */
  field: string;
  badValue?: unknown;
  detail: string;
}

const titles: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
};

/** Types whose text never shows the value. */
const valueless: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
]);

/**
 * The way to a field, grown from the root: `fieldPath('spec').child('ports').index(0)`.
 * Only errors need the text, so it is put together when asked for.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #part: string;

  constructor(part: string, parent?: FieldPath) {
    this.#part = part;
    this.#parent = parent;
  }

  child(...names: string[]): FieldPath {
    let path: FieldPath = this;
    for (const name of names) path = new FieldPath(path.#part === '' && !path.#parent ? name : `.${name}`, path);
    return path;
  }

  index(index: number): FieldPath {
    return new FieldPath(`[${index}]`, this);
  }

  key(key: string): FieldPath {
    return new FieldPath(`[${key}]`, this);
  }

  toString(): string {
    return (this.#parent?.toString() ?? '') + this.#part;
  }
}

/** A path from the object's root; without names the root itself. */
export function fieldPath(first = '', ...rest: string[]): FieldPath {
  return new FieldPath(first).child(...rest);
}

/** `spec.replicas: Invalid value: -1: must be …`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** The text without the field, as a cause's message has it. */
export function fieldErrorBody(error: FieldError): string {
  const value = valueless.has(error.type) || !('badValue' in error) ? '' : `: ${valueText(error.badValue)}`;
  const detail = error.detail === '' ? '' : `: ${error.detail}`;
  return `${titles[error.type]}${value}${detail}`;
}

export const required = (path: FieldPath, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field: path.toString(),
  detail,
});

export const invalidValue = (path: FieldPath, badValue: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: path.toString(),
  badValue,
  detail,
});

export const typeInvalid = (path: FieldPath, badValue: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field: path.toString(),
  badValue,
  detail,
});

/** The supported values are listed in the given order; Kubernetes sorts them. */
export const notSupported = (path: FieldPath, badValue: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: path.toString(),
  badValue,
  detail: supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`,
});

export const duplicate = (path: FieldPath, badValue: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field: path.toString(),
  badValue,
  detail: '',
});

export const forbiddenField = (path: FieldPath, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field: path.toString(),
  detail,
});

export const tooLong = (path: FieldPath, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field: path.toString(),
  detail: `may not be more than ${maxBytes} ${maxBytes === 1 ? 'byte' : 'bytes'}`,
});

export const tooMany = (path: FieldPath, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field: path.toString(),
  badValue: actual,
  detail: `must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
});

export const valueNotFound = (path: FieldPath, badValue: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field: path.toString(),
  badValue,
  detail: '',
});

function valueText(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === undefined || value === null) return '"null"';
  return JSON.stringify(value);
}
