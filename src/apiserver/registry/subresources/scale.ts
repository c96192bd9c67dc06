import {
  clonePlain,
  type LabelSelectorObject,
  selectorFromLabels,
  selectorFromObject,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { Subresource } from './subresource.ts';

interface Scalable {
  spec?: { replicas?: number; selector?: Record<string, unknown> };
  status?: { replicas?: number };
}

/** autoscaling/v1 Scale: the number of replicas of whatever has some. */
export const scale: Subresource = {
  view(object) {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
    const { spec, status } = object as Scalable;
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
      spec: spec?.replicas ? { replicas: spec.replicas } : {},
      status: { replicas: status?.replicas ?? 0, selector: selectorText(object) },
    };
  },
  apply(view, old) {
    const draft = clonePlain(old) as UnstructuredObject & Scalable;
    const { resourceVersion, uid } = view.metadata;
    draft.metadata.resourceVersion = resourceVersion;
    if (uid) draft.metadata.uid = uid;
    draft.spec = { ...draft.spec, replicas: (view as Scalable).spec?.replicas ?? 0 };
    return draft;
  },
};

function selectorText(object: UnstructuredObject): string {
  const selector = (object as Scalable).spec?.selector;
  // A ReplicationController's selector is a plain map of labels.
  if (object.kind === 'ReplicationController') return selectorFromLabels(selector as Record<string, string>).toString();
  return selectorFromObject(selector as LabelSelectorObject | undefined).toString();
}
