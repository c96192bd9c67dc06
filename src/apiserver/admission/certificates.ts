import {
  type CertificateSubject,
  errors,
  fieldPath,
  invalidValue,
  parseCertificateRequest,
  signerNames,
  type UnstructuredObject,
} from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import {
  nodeOf,
  rbacAuthorizer,
  stateRbacSource,
  superuserAuthorizer,
  unionAuthorizer,
} from '../authorization/index.ts';
import { equalJson } from '../registry/json.ts';
import type { StateReader } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

interface Fields {
  spec: {
    request?: string;
    signerName?: string;
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
  status?: { certificate?: string; conditions?: unknown[] };
}

const GROUP = 'certificates.k8s.io';
const MASTERS = 'system:masters';
/** Peers know each other by certificates of this authority: nobody else may come to look like one. */
const RESERVED_PREFIX = 'keelson:';

const fieldsOf = (object: UnstructuredObject | undefined): Fields => object as unknown as Fields;
const isRequest = ({ type }: AdmissionAttributes): boolean =>
  type.group === GROUP && type.resource === 'certificatesigningrequests';

/** Notes in a new request who asks: whatever the body says of that. */
export const certificateRequester: AdmissionPlugin = {
  name: 'CertificateRequester',
  admit(attributes) {
    if (!isRequest(attributes) || attributes.operation !== 'CREATE') return;
    const { spec } = fieldsOf(attributes.object);
    if (spec === undefined) return;
    const { name, uid, groups, extra } = attributes.user;
    spec.username = name;
    spec.groups = [...groups];
    delete spec.uid;
    delete spec.extra;
    if (uid !== undefined) spec.uid = uid;
    if (extra !== undefined) {
      spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
    }
  },
};

/** Who approves or denies must be allowed to approve for the signer. */
export function certificateApproval(state: StateReader): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    async validate(attributes) {
      if (!isRequest(attributes) || attributes.subresource !== 'approval') return;
      await mayOnSigner(state, attributes, 'approve');
    },
  };
}

/** Who puts a certificate in place, or says that there will be none, must be allowed to sign for the signer. */
export function certificateSigning(state: StateReader): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    async validate(attributes) {
      if (!isRequest(attributes) || attributes.subresource !== 'status') return;
      const { status } = fieldsOf(attributes.object);
      const { status: before } = fieldsOf(attributes.old);
      const same =
        status?.certificate === before?.certificate && equalJson(status?.conditions ?? [], before?.conditions ?? []);
      if (!same) await mayOnSigner(state, attributes, 'sign');
    },
  };
}

/** Refuses requests that can't be read, and those for what nobody may become by asking. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  async validate(attributes) {
    if (!isRequest(attributes) || attributes.operation !== 'CREATE' || attributes.subresource !== undefined) return;
    const { type, name, user } = attributes;
    const { request = '', signerName = '' } = fieldsOf(attributes.object).spec;
    const subject = await parsed(request, attributes);
    if (!(Object.values(signerNames) as string[]).includes(signerName)) return;
    if (signerName === signerNames.client && subject.organizations.includes(MASTERS)) {
      throw errors.forbidden(type, name, `use of ${signerName} signer with ${MASTERS} group is not allowed`);
    }
    const reserved = [...subject.commonNames, ...subject.organizations].find((each) =>
      each.startsWith(RESERVED_PREFIX),
    );
    if (reserved !== undefined) {
      throw errors.forbidden(
        type,
        name,
        `use of ${signerName} signer with the reserved name "${reserved}" is not allowed`,
      );
    }
    const node = nodeOf(user);
    if (node && signerName !== signerNames.client && subject.commonNames[0] !== user.name) {
      throw errors.forbidden(
        type,
        name,
        `node "${node}" can only request certificates with common name "${user.name}"`,
      );
    }
  },
};

async function parsed(request: string, { type, name }: AdmissionAttributes): Promise<CertificateSubject> {
  try {
    return await parseCertificateRequest(request);
  } catch (error) {
    const problem = invalidValue(fieldPath('spec', 'request'), request, errorMessage(error));
    throw errors.invalid(type, name, [problem]);
  }
}

async function mayOnSigner(
  state: StateReader,
  attributes: AdmissionAttributes,
  verb: 'approve' | 'sign',
): Promise<void> {
  const { user, type, name } = attributes;
  const signerName = fieldsOf(attributes.old).spec.signerName ?? '';
  const authorizer = unionAuthorizer([superuserAuthorizer, rbacAuthorizer(stateRbacSource(state))]);
  // By the signer's whole name, or for all signers of its domain.
  for (const resourceName of [signerName, `${signerName.split('/')[0]}/*`]) {
    const resource = { group: GROUP, resource: 'signers', subresource: '', namespace: undefined, name: resourceName };
    if ((await authorizer.authorize({ user, verb, path: '', resource })).allowed) return;
  }
  throw errors.forbidden(type, name, `user not permitted to ${verb} requests with signerName "${signerName}"`);
}
