import {
  type apiextensionsv1,
  type ConvertObjects,
  type CustomResourceDefinition,
  errors,
  isPlainObject,
  type ObjectMeta,
  type UnstructuredObject,
} from '../../api/index.ts';
import { errorMessage, type Random } from '../../base/index.ts';
import type { WebhookTransport } from '../admission/index.ts';
import { randomUuid } from './metadata.ts';

/** As long as Kubernetes waits. */
const TIMEOUT_SECONDS = 30;
/** Versions of ConversionReview that we speak, best first. */
const reviewVersions = ['v1', 'v1beta1'];

/** How objects of a definition get from one version to another; undefined: by the version's name alone. */
export function converterOf(
  { spec }: CustomResourceDefinition,
  transport: WebhookTransport,
  random: Random,
): ConvertObjects | undefined {
  const { conversion, group, names } = spec;
  const config = conversion?.strategy === 'Webhook' ? conversion.webhook?.clientConfig : undefined;
  if (config === undefined) return undefined;
  const version = reviewVersions.find((each) => conversion?.webhook?.conversionReviewVersions?.includes(each));
  const apiVersion = `apiextensions.k8s.io/${version ?? 'v1'}`;
  return async (objects, desiredAPIVersion) => {
    const uid = randomUuid(random);
    const request = { uid, desiredAPIVersion, objects };
    try {
      const answer = await transport.post(config, { kind: 'ConversionReview', apiVersion, request }, TIMEOUT_SECONDS);
      return convertedOf(answer, { apiVersion, uid, objects, desiredAPIVersion });
    } catch (error) {
      const from = objects[0]?.apiVersion ?? group;
      const reason = errorMessage(error).replace(/^failed to call webhook: /, '');
      throw errors.internalError(`conversion webhook for ${from}, Kind=${names.kind} failed: ${reason}`);
    }
  };
}

interface Asked {
  apiVersion: string;
  uid: string;
  objects: readonly UnstructuredObject[];
  desiredAPIVersion: string;
}

/** The objects in a webhook's answer. Throws with what is wrong with it. Pure. */
export function convertedOf(answer: unknown, asked: Asked): UnstructuredObject[] {
  const { kind, apiVersion, response } = (isPlainObject(answer) ? answer : {}) as apiextensionsv1.ConversionReview;
  if (kind !== 'ConversionReview' || apiVersion !== asked.apiVersion) {
    throw new Error(
      `expected webhook response of ${asked.apiVersion}, Kind=ConversionReview, got ${apiVersion ?? ''}, Kind=${kind ?? ''}`,
    );
  }
  if (!isPlainObject(response)) throw new Error('no response provided');
  if (response.uid !== asked.uid) {
    throw new Error(`expected response.uid="${asked.uid}", got "${response.uid ?? ''}"`);
  }
  const { result, convertedObjects = [] } = response;
  if (result?.status !== 'Success') {
    const text = result?.message ?? '';
    throw new Error(
      result?.status === undefined
        ? 'response.result.status was not \'Success\', received ""'
        : text || 'conversion failed',
    );
  }
  if (convertedObjects.length !== asked.objects.length) {
    throw new Error(`returned ${convertedObjects.length} objects, expected ${asked.objects.length}`);
  }
  return asked.objects.map((object, index) => settled(convertedObjects[index], object, index, asked));
}

/** A webhook changes what it likes but the metadata that makes the object this one. */
function settled(
  converted: unknown,
  original: UnstructuredObject,
  index: number,
  { desiredAPIVersion }: Asked,
): UnstructuredObject {
  const object = (isPlainObject(converted) ? converted : {}) as UnstructuredObject;
  const wrong = (what: string): Error => new Error(`returned invalid converted object at index ${index}: ${what}`);
  if (object.apiVersion !== desiredAPIVersion) {
    throw wrong(`invalid groupVersion (expected ${desiredAPIVersion}, received ${object.apiVersion})`);
  }
  if (object.kind !== original.kind) {
    throw wrong(`invalid kind (expected ${original.kind}, received ${object.kind})`);
  }
  if (!isPlainObject(object.metadata)) throw wrong('metadata is missing');
  const metadata: ObjectMeta = object.metadata;
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((metadata[field] ?? '') === (original.metadata[field] ?? '')) continue;
    throw wrong(
      `metadata.${field} must not change (expected "${original.metadata[field] ?? ''}", received "${metadata[field] ?? ''}")`,
    );
  }
  const { labels, annotations } = metadata;
  const { labels: _, annotations: __, ...fixed } = original.metadata;
  return {
    ...object,
    metadata: {
      ...fixed,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}
