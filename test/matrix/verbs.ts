import { decodeProtobuf, encodeProtobuf, patchMediaTypes } from '../../src/api/index.ts';
import type { Json } from './connection.ts';
import { neededBy } from './samples.ts';
import type { Kind, Subject } from './subject.ts';

/** Works, or is no verb of that kind (undefined), or why it fails. */
export type Outcome = true | undefined | { problem: string };

/** A column of the table. Checks run in this order, on one object, which the first creates. */
export interface Check {
  title: string;
  applies(kind: Kind): boolean;
  run(subject: Subject): Promise<void>;
}

const protobuf = 'application/vnd.kubernetes.protobuf';
const MAGIC = Buffer.from('k8s\0');
const verb = (name: string) => (kind: Kind) => kind.verbs.includes(name);
const expect = (holds: boolean, text: string): void => {
  if (!holds) throw new Error(text);
};

/** Patches an annotation in, and looks whether it is there. */
function patch(title: string, type: keyof typeof patchMediaTypes): Check {
  return {
    title,
    applies: verb('patch'),
    async run(subject) {
      const annotation = `matrix/${type}`;
      const metadata = { annotations: { [annotation]: 'yes' } };
      const { apiVersion, kind } = subject.object();
      const body = {
        json: [{ op: 'add', path: `/metadata/annotations`, value: { [annotation]: 'yes' } }],
        merge: { metadata },
        strategic: { metadata },
        apply: { apiVersion, kind, metadata },
      }[type];
      const query = type === 'apply' ? '?fieldManager=matrix' : '';
      const { json } = await subject.ask(200, 'PATCH', `${subject.path}${query}`, {
        body,
        contentType: patchMediaTypes[type],
      });
      expect(json.metadata.annotations?.[annotation] === 'yes', 'the annotation is not there');
    },
  };
}

export const checks: readonly Check[] = [
  {
    title: 'create',
    applies: verb('create'),
    async run(subject) {
      for (const { path, body } of neededBy(subject.qualified, subject.name))
        await subject.ask(201, 'POST', path, { body });
      const object = subject.object();
      const isReview = !subject.isStored && subject.qualified !== 'bindings';
      const body = isReview ? { ...object, metadata: {} } : object;
      const { json } = await subject.ask(201, 'POST', subject.collection, { body });
      expect(subject.isStored ? json.metadata.uid !== undefined : json.status !== undefined, 'nothing came back');
    },
  },
  {
    title: 'get',
    applies: (kind) => kind.verbs.includes('get') && kind.verbs.includes('create'),
    async run(subject) {
      const { json } = await subject.ask(200, 'GET', subject.path);
      expect(json.metadata.name === subject.name && json.kind === subject.kind.kind, 'another object came back');
    },
  },
  {
    title: 'list',
    applies: verb('list'),
    async run(subject) {
      const { json } = await subject.ask(200, 'GET', `${subject.collection}?limit=500`);
      const found = json.items.some(({ metadata }: Json) => metadata.name === subject.name);
      expect(found || !subject.kind.verbs.includes('create'), 'the object is not in the list');
    },
  },
  {
    title: 'watch',
    applies: verb('watch'),
    async run(subject) {
      const query = `watch=true&timeoutSeconds=10&fieldSelector=metadata.name%3D${subject.name}`;
      const event = await subject.firstEvent(`${subject.collection}?${query}`);
      expect(event.type === 'ADDED' && event.object.metadata.name === subject.name, 'another event came');
    },
  },
  {
    title: 'table',
    applies: verb('list'),
    async run(subject) {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const { json } = await subject.ask(200, 'GET', subject.collection, { accept });
      const shown = json.rows.length > 0 || !subject.kind.verbs.includes('create');
      expect(json.kind === 'Table' && json.columnDefinitions.length > 0 && shown, 'no table');
    },
  },
  {
    title: 'protobuf',
    applies: (kind) => kind.verbs.includes('get') && kind.verbs.includes('create'),
    async run(subject) {
      const { body } = await subject.ask(200, 'GET', subject.path, { accept: protobuf });
      expect(body.subarray(0, 4).equals(MAGIC), 'no protobuf');
      const { object: read } = decodeProtobuf(body, { kind: subject.kind.kind, apiVersion: subject.kind.groupVersion });
      expect(read.metadata.name === subject.name, 'another object came back');
      subject.next();
      const sent = encodeProtobuf(subject.object());
      const { json } = await subject.ask(201, 'POST', `${subject.collection}?dryRun=All`, {
        body: sent,
        contentType: protobuf,
      });
      expect(json.metadata.name === subject.name, 'another object came back');
      expect((await subject.ask(404, 'GET', subject.path)).code === 404, 'a dry run stored it');
      subject.back();
    },
  },
  {
    title: 'update',
    applies: verb('update'),
    async run(subject) {
      const updated = await subject.change(subject.path, ({ metadata }) => {
        metadata.labels.updated = 'yes';
      });
      expect(updated.metadata.labels.updated === 'yes', 'the label is not there');
    },
  },
  patch('JSON patch', 'json'),
  patch('merge patch', 'merge'),
  patch('strategic patch', 'strategic'),
  patch('apply', 'apply'),
  {
    title: 'status',
    applies: ({ subresources }) => subresources.includes('status'),
    async run(subject) {
      const path = `${subject.path}/status`;
      await subject.change(path);
      await subject.ask(200, 'PATCH', path, { body: { status: {} }, contentType: patchMediaTypes.merge });
    },
  },
  {
    title: 'scale',
    applies: ({ subresources }) => subresources.includes('scale'),
    async run(subject) {
      const path = `${subject.path}/scale`;
      expect((await subject.change(path)).kind === 'Scale', 'no Scale');
      const body = { spec: { replicas: 0 } };
      await subject.ask(200, 'PATCH', path, { body, contentType: patchMediaTypes.merge });
    },
  },
  {
    title: 'delete',
    applies: verb('delete'),
    async run(subject) {
      await subject.ask(200, 'DELETE', `${subject.path}?gracePeriodSeconds=0`);
      await subject.gone();
    },
  },
  {
    title: 'deletecollection',
    applies: verb('deletecollection'),
    async run(subject) {
      subject.next();
      await subject.ask(201, 'POST', subject.collection, { body: subject.object() });
      const query = `labelSelector=matrix%3D${subject.name}&gracePeriodSeconds=0`;
      await subject.ask(200, 'DELETE', `${subject.collection}?${query}`);
      await subject.gone();
    },
  },
];
