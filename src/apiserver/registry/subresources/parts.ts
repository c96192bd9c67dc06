import { clonePlain, type UnstructuredObject } from '../../../api/index.ts';
import type { Subresource } from './subresource.ts';

interface Fields {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const fieldsOf = (object: UnstructuredObject): Fields => object as Fields;
const itself = (object: UnstructuredObject): UnstructuredObject => object;

/** A subresource that shows the whole object and changes only what `take` copies from the changed view. */
function part(take: (draft: Fields, view: Fields) => void): Subresource {
  return {
    view: itself,
    apply(view, old) {
      const draft = clonePlain(old);
      const changed = clonePlain(view);
      // Labels, annotations and finalizers may be changed along; whom an object belongs to may not.
      draft.metadata = changed.metadata;
      delete draft.metadata.ownerReferences;
      if (old.metadata.ownerReferences) draft.metadata.ownerReferences = clonePlain(old.metadata.ownerReferences);
      take(fieldsOf(draft), fieldsOf(changed));
      return draft;
    },
  };
}

function takeField(draft: Record<string, unknown>, changed: Record<string, unknown> | undefined, field: string): void {
  if (changed?.[field] === undefined) delete draft[field];
  else draft[field] = changed[field];
}

/** The status alone; the main resource in turn leaves the status alone. */
export const statusPart = part((draft, changed) =>
  takeField(draft as Record<string, unknown>, changed as Record<string, unknown>, 'status'),
);

/** The status of a custom resource: of metadata nothing is changed along. */
export const customStatusPart: Subresource = {
  view: itself,
  apply(view, old) {
    const draft = clonePlain(old);
    const { managedFields, resourceVersion } = view.metadata;
    draft.metadata.resourceVersion = resourceVersion;
    if (managedFields === undefined) delete draft.metadata.managedFields;
    else draft.metadata.managedFields = clonePlain(managedFields);
    takeField(draft, clonePlain(view), 'status');
    return draft;
  },
};

/** The finalizers of a namespace's spec: the one thing that lets it go. */
export const finalizePart = part((draft, changed) => {
  draft.spec ??= {};
  takeField(draft.spec, changed.spec, 'finalizers');
});

/** Containers that join a running pod to look into it. */
export const ephemeralContainersPart = part((draft, changed) => {
  draft.spec ??= {};
  takeField(draft.spec, changed.spec, 'ephemeralContainers');
});

interface Container {
  name: string;
  resources?: unknown;
  resizePolicy?: unknown;
}

/** The resources of a running pod's containers. */
export const resizePart = part((draft, changed) => {
  draft.spec ??= {};
  for (const list of ['containers', 'initContainers']) takeResources(draft.spec, changed.spec, list);
});

/** Containers that come, go, or change places or names are taken as they are, for validation to refuse. */
function takeResources(draft: Record<string, unknown>, changed: Record<string, unknown> = {}, list: string): void {
  const before = (draft[list] ?? []) as Container[];
  const wanted = (changed[list] ?? []) as Container[];
  if (before.length !== wanted.length || before.some(({ name }, index) => name !== wanted[index]!.name)) {
    takeField(draft, changed, list);
    return;
  }
  for (const [index, container] of before.entries()) {
    for (const field of ['resources', 'resizePolicy'] as const) {
      takeField(
        container as unknown as Record<string, unknown>,
        wanted[index] as unknown as Record<string, unknown>,
        field,
      );
    }
  }
}

/** The conditions of a certificate signing request. */
export const approvalPart = part((draft, changed) => {
  draft.status ??= {};
  takeField(draft.status, changed.status, 'conditions');
});

/** The main resource of a kind with a status subresource: all but the status. */
export const allButStatus: Subresource = {
  view: itself,
  apply(view, old) {
    const draft = clonePlain(view);
    takeField(draft, { status: clonePlain(old['status']) }, 'status');
    return draft;
  },
};

/** The main resource of any other kind. */
export const everything: Subresource = { view: itself, apply: (view) => clonePlain(view) };
