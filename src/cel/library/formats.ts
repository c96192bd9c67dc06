import {
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkLabelValue,
  checkQualifiedName,
} from '../../api/index.ts';
import { traversal } from '../budget.ts';
import { declare, type Library } from '../functions.ts';
import { opaque } from '../types.ts';
import { OpaqueValue, Optional } from '../values.ts';
import { parseTimestamp } from './time.ts';
import { isUrl } from './url.ts';

type Check = (text: string) => readonly string[];

/** A name that something is to be put behind may end in a dash. */
const prefixOf =
  (check: Check): Check =>
  (text) =>
    check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);

const must =
  (valid: (text: string) => boolean, problem: string): Check =>
  (text) =>
    valid(text) ? [] : [problem];

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;

const checks: Readonly<Record<string, Check>> = {
  dns1123Label: checkDns1123Label,
  dns1123Subdomain: checkDns1123Subdomain,
  dns1035Label: checkDns1035Label,
  qualifiedName: checkQualifiedName,
  dns1123LabelPrefix: prefixOf(checkDns1123Label),
  dns1123SubdomainPrefix: prefixOf(checkDns1123Subdomain),
  dns1035LabelPrefix: prefixOf(checkDns1035Label),
  labelValue: checkLabelValue,
  uri: (text) => (isUrl(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: must((text) => uuid.test(text), 'does not match the UUID format'),
  byte: must((text) => base64.test(text), 'invalid base64'),
  date: must(isDate, 'invalid date'),
  datetime: must((text) => parseTimestamp(text) !== undefined, 'invalid datetime'),
};

class FormatValue extends OpaqueValue {
  override readonly type = opaque('kubernetes.NamedFormat');
  readonly name: string;
  readonly check: Check;
  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }
}

const formatsByName = new Map(Object.entries(checks).map(([name, check]) => [name, new FormatValue(name, check)]));

export const formats: Library = [
  declare(
    'format.named(string): optional<kubernetes.NamedFormat>',
    (name: string) => new Optional(formatsByName.get(name)),
  ),
  ...[...formatsByName].map(([name, format]) => declare(`format.${name}(): kubernetes.NamedFormat`, () => format)),
  declare(
    '(kubernetes.NamedFormat).validate(string): optional<list<string>>',
    ({ check }: FormatValue, text: string) => {
      const problems = check(text);
      return new Optional(problems.length > 0 ? problems : undefined);
    },
    ([, text]) => 1 + traversal((text as string).length),
  ),
];
