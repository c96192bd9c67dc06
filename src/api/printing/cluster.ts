import { ageSince } from '../time.ts';
import type { coordinationv1, eventsv1, nodev1, schedulingv1, v1 } from '../types/index.ts';
import {
  age,
  ageColumn,
  column,
  nameColumn,
  nameOf,
  orNone,
  orUnknown,
  type Printer,
  printer,
  wide,
} from './printer.ts';

const eventColumns = [
  column('Last Seen', 'How long ago it last happened.'),
  column('Type', 'Normal or Warning.'),
  column('Reason', 'Why it happened, in one word.'),
  column('Object', 'What it happened to.'),
  wide('Subobject', 'The part of that object.'),
  wide('Source', 'Who reports it.'),
  column('Message', 'What happened.'),
  wide('First Seen', 'How long ago it first happened.'),
  wide('Count', 'How often it happened.'),
  { ...nameColumn, priority: 1 },
];

/** Printers of what makes up a cluster, by kind and group. */
export const clusterPrinters: Readonly<Record<string, Printer>> = {
  ComponentStatus: printer<v1.ComponentStatus>(
    [
      nameColumn,
      column('Status', 'Whether it is healthy.'),
      column('Message', 'What it says.'),
      column('Error', 'Why that is not known.'),
    ],
    (component) => {
      const health = component.conditions?.find(({ type }) => type === 'Healthy');
      const status = health === undefined ? 'Unknown' : health.status === 'True' ? 'Healthy' : 'Unhealthy';
      return [nameOf(component), status, health?.message ?? '', health?.error ?? ''];
    },
  ),
  Namespace: printer<v1.Namespace>(
    [nameColumn, column('Status', 'Active or Terminating.'), ageColumn],
    (namespace, now) => [nameOf(namespace), namespace.status?.phase ?? '', age(namespace, now)],
  ),
  Node: printer<v1.Node>(
    [
      nameColumn,
      column('Status', 'Whether it is ready and takes new pods.'),
      column('Roles', 'Roles, from its labels.'),
      ageColumn,
      column('Version', 'Version of its kubelet.'),
      wide('Internal-IP', 'Address within the cluster.'),
      wide('External-IP', 'Address from outside.'),
      wide('OS-Image', 'Operating system.'),
      wide('Kernel-Version', 'Version of its kernel.'),
      wide('Container-Runtime', 'Container runtime and its version.'),
    ],
    (node, now) => [
      nameOf(node),
      nodeStatus(node),
      nodeRoles(node),
      age(node, now),
      node.status?.nodeInfo?.kubeletVersion ?? '',
      addressOf(node, 'InternalIP'),
      addressOf(node, 'ExternalIP'),
      orUnknown(node.status?.nodeInfo?.osImage),
      orUnknown(node.status?.nodeInfo?.kernelVersion),
      orUnknown(node.status?.nodeInfo?.containerRuntimeVersion),
    ],
  ),
  ConfigMap: printer<v1.ConfigMap>([nameColumn, column('Data', 'How many keys it has.'), ageColumn], (map, now) => [
    nameOf(map),
    sizeOf(map.data) + sizeOf(map.binaryData),
    age(map, now),
  ]),
  Secret: printer<v1.Secret>(
    [nameColumn, column('Type', 'What its data is for.'), column('Data', 'How many keys it has.'), ageColumn],
    (secret, now) => [nameOf(secret), secret.type ?? '', sizeOf(secret.data), age(secret, now)],
  ),
  ServiceAccount: printer<v1.ServiceAccount>([nameColumn, ageColumn], (account, now) => [
    nameOf(account),
    age(account, now),
  ]),
  'Lease.coordination.k8s.io': printer<coordinationv1.Lease>(
    [nameColumn, column('Holder', 'Who holds it.'), ageColumn],
    (lease, now) => [nameOf(lease), lease.spec?.holderIdentity ?? '', age(lease, now)],
  ),
  Event: printer<v1.Event>(eventColumns, (event, now) => {
    const { involvedObject: about, source, series } = event;
    const first = event.firstTimestamp || event.eventTime;
    return [
      ageSince(series?.lastObservedTime || event.lastTimestamp || first, now),
      event.type ?? '',
      event.reason ?? '',
      objectText(about),
      about?.fieldPath ?? '',
      sourceText(source, event.reportingComponent, event.reportingInstance),
      (event.message ?? '').trim(),
      ageSince(first, now),
      series?.count ?? (event.count || 1),
      nameOf(event),
    ];
  }),
  'Event.events.k8s.io': printer<eventsv1.Event>(eventColumns, (event, now) => {
    const { regarding, series } = event;
    const first = event.deprecatedFirstTimestamp || event.eventTime;
    return [
      ageSince(series?.lastObservedTime || event.deprecatedLastTimestamp || first, now),
      event.type ?? '',
      event.reason ?? '',
      objectText(regarding),
      regarding?.fieldPath ?? '',
      sourceText(event.deprecatedSource, event.reportingController, event.reportingInstance),
      (event.note ?? '').trim(),
      ageSince(first, now),
      series?.count ?? (event.deprecatedCount || 1),
      nameOf(event),
    ];
  }),
  'PriorityClass.scheduling.k8s.io': printer<schedulingv1.PriorityClass>(
    [
      nameColumn,
      column('Value', 'The priority that pods of this class get.', 'integer'),
      column('Global-Default', 'Whether pods without a class are of this one.', 'boolean'),
      ageColumn,
      column('PreemptionPolicy', 'Whether its pods push out others.'),
    ],
    (priorityClass, now) => [
      nameOf(priorityClass),
      priorityClass.value ?? 0,
      priorityClass.globalDefault ?? false,
      age(priorityClass, now),
      priorityClass.preemptionPolicy ?? 'PreemptLowerPriority',
    ],
  ),
  'RuntimeClass.node.k8s.io': printer<nodev1.RuntimeClass>(
    [nameColumn, column('Handler', 'What runs its pods.'), ageColumn],
    (runtimeClass, now) => [nameOf(runtimeClass), runtimeClass.handler ?? '', age(runtimeClass, now)],
  ),
  ResourceQuota: printer<v1.ResourceQuota>(
    [
      nameColumn,
      column('Request', 'What may be requested: used, and at most.'),
      column('Limit', 'What limits may add up to: used, and at most.'),
      ageColumn,
    ],
    (quota, now) => {
      const limits = (name: string): boolean => name.startsWith('limits');
      return [nameOf(quota), quotaText(quota, (name) => !limits(name)), quotaText(quota, limits), age(quota, now)];
    },
  ),
};

const sizeOf = (map: object | undefined): number => Object.keys(map ?? {}).length;

function nodeStatus({ spec, status }: v1.Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(node: v1.Node): string {
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(rolePrefix)) roles.add(label.slice(rolePrefix.length));
    else if (label === 'kubernetes.io/role') roles.add(value);
  }
  roles.delete('');
  return orNone([...roles].sort().join(','));
}

function addressOf({ status }: v1.Node, wanted: string): string {
  return orNone(status?.addresses?.find(({ type }) => type === wanted)?.address);
}

function objectText(reference: v1.ObjectReference | undefined): string {
  const kind = (reference?.kind ?? '').toLowerCase();
  return reference?.name ? `${kind}/${reference.name}` : kind;
}

function sourceText(source: v1.EventSource | undefined, controller = '', instance = ''): string {
  const component = source?.component || controller;
  const host = source?.host || instance;
  return host === '' ? component : `${component}, ${host}`;
}

function quotaText({ status }: v1.ResourceQuota, wanted: (name: string) => boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter(wanted)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}
