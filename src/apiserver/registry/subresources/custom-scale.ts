import { clonePlain, errors, isPlainObject, type PlainObject, type ScalePaths, setOwn } from '../../../api/index.ts';
import type { Subresource } from './subresource.ts';

/** autoscaling/v1 Scale of a custom resource, which has its replicas where its definition says. */
export function customScale({ specReplicas, statusReplicas, labelSelector }: ScalePaths): Subresource {
  return {
    view(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      const [replicas] = specReplicas.find(object);
      if (typeof replicas !== 'number') {
        throw errors.internalError(`the spec replicas field ${JSON.stringify(specReplicas.text)} does not exist`);
      }
      const [current] = statusReplicas.find(object);
      const [selector] = labelSelector?.find(object) ?? [];
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
        spec: replicas === 0 ? {} : { replicas },
        status: {
          replicas: typeof current === 'number' ? current : 0,
          ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
        },
      };
    },
    apply(view, old) {
      const draft = clonePlain(old);
      const { resourceVersion, uid } = view.metadata;
      draft.metadata.resourceVersion = resourceVersion;
      if (uid) draft.metadata.uid = uid;
      const replicas = (view['spec'] as { replicas?: number } | undefined)?.replicas ?? 0;
      setAt(draft, specReplicas.fields!, replicas);
      return draft;
    },
  };
}

function setAt(object: PlainObject, [name, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    setOwn(object, name!, value);
    return;
  }
  if (!isPlainObject(object[name!])) setOwn(object, name!, {});
  setAt(object[name!] as PlainObject, rest, value);
}
