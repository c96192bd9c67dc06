import { functionTable, type Library } from '../functions.ts';
import { authorizer } from './authorizer.ts';
import { conversions } from './conversions.ts';
import { formats } from './formats.ts';
import { ips } from './ip.ts';
import { lists } from './lists.ts';
import { operators } from './operators.ts';
import { optionals } from './optionals.ts';
import { quantities } from './quantity.ts';
import { regex } from './regex.ts';
import { semver } from './semver.ts';
import { sets } from './sets.ts';
import { strings } from './strings.ts';
import { time } from './time.ts';
import { urls } from './url.ts';

/**
 * What Kubernetes v1.35 lets expressions call
 * (https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries).
 */
const libraries: readonly Library[] = [
  operators,
  conversions,
  time,
  strings,
  regex,
  lists,
  sets,
  optionals,
  urls,
  quantities,
  ips,
  formats,
  semver,
  authorizer,
];

export const functions = functionTable(libraries);
