import test from 'ava';
import { type Case, checkCases, container, type Json, ofContainer, podOf, under } from './support.ts';

const range = 'must be between 0 and 2147483647, inclusive';

test("a container's security", (t) => {
  const at = under('spec.containers[0].securityContext');
  const place = (securityContext: Json) => ofContainer({ securityContext });
  const nulls =
    '"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null';
  checkCases(t, place, [
    [{ runAsUser: 0, runAsGroup: 1, privileged: true, procMount: 'Default' }],
    [{ runAsUser: -1 }, ...at(`.runAsUser: Invalid value: -1: ${range}`)],
    [{ runAsGroup: 2 ** 31 }, ...at(`.runAsGroup: Invalid value: 2147483648: ${range}`)],
    [
      { privileged: true, allowPrivilegeEscalation: false },
      ...at(
        `: Invalid value: {"Capabilities":null,"Privileged":true,${nulls}}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
      ),
    ],
    [
      { allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } },
      ...at(
        `: Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"]},"Privileged":null,${nulls}}: cannot set \`allowPrivilegeEscalation\` to false and \`capabilities.Add\` CAP_SYS_ADMIN`,
      ),
    ],
    [{ procMount: 'Half' }, ...at('.procMount: Unsupported value: "Half": supported values: "Default", "Unmasked"')],
    [
      { procMount: 'Unmasked' },
      ...at('.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`'),
    ],
    [{ seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } }],
    [
      { seccompProfile: {} },
      ...at('.seccompProfile.type: Required value: type is required when seccompProfile is set'),
    ],
    [
      { seccompProfile: { type: 'Mine' } },
      ...at(
        '.seccompProfile.type: Unsupported value: "Mine": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
      ),
    ],
    [
      { seccompProfile: { type: 'Localhost' } },
      ...at('.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost'),
    ],
    [
      { seccompProfile: { type: 'Localhost', localhostProfile: '/p' } },
      ...at('.seccompProfile.localhostProfile: Invalid value: "/p": must be a relative path'),
    ],
    [
      { seccompProfile: { type: 'Unconfined', localhostProfile: 'p' } },
      /seccompProfile\.localhostProfile: Invalid value: .*: can only be set when seccomp type is Localhost/,
    ],
    [
      { appArmorProfile: {} },
      ...at('.appArmorProfile.type: Required value: type is required when appArmorProfile is set'),
    ],
    [
      { appArmorProfile: { type: 'Localhost' } },
      ...at('.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost'),
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: ' p' } },
      ...at('.appArmorProfile.localhostProfile: Invalid value: " p": must not be padded with whitespace'),
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: 'p'.repeat(4096) } },
      ...at('.appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes'),
    ],
    [
      { appArmorProfile: { type: 'Unconfined', localhostProfile: 'p' } },
      ...at('.appArmorProfile.localhostProfile: Invalid value: "p": can only be set when AppArmor type is Localhost'),
    ],
  ]);
});

test("a pod's security", (t) => {
  const at = under('spec.securityContext.');
  const place = (securityContext: Json) => podOf({ securityContext });
  const sysctls = (...names: string[]): Json => ({ sysctls: names.map((name) => ({ name, value: '1' })) });
  const cases: Case[] = [
    [{ fsGroup: 1, supplementalGroups: [1, 2], fsGroupChangePolicy: 'Always', ...sysctls('kernel.shm_rmid_forced') }],
    [{ fsGroup: -1 }, ...at(`fsGroup: Invalid value: -1: ${range}`)],
    [{ supplementalGroups: [1, -1] }, ...at(`supplementalGroups[1]: Invalid value: -1: ${range}`)],
    [
      { fsGroupChangePolicy: 'Never' },
      ...at('fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"'),
    ],
    [
      { supplementalGroupsPolicy: 'Some' },
      ...at('supplementalGroupsPolicy: Unsupported value: "Some": supported values: "Merge", "Strict"'),
    ],
    [
      { seLinuxChangePolicy: 'Some' },
      ...at('seLinuxChangePolicy: Unsupported value: "Some": supported values: "MountOption", "Recursive"'),
    ],
    [sysctls(''), ...at('sysctls[0].name: Required value')],
    [sysctls('a', 'a'), ...at('sysctls[1].name: Duplicate value: "a"')],
    [sysctls('A'), /sysctls\[0\]\.name: Invalid value: "A": must have at most 253 characters and match regex \^/],
  ];
  checkCases(t, place, cases);
  const shared = { securityContext: sysctls('net.ipv4.tcp_syncookies', 'net/ipv4/x', 'kernel.sem', 'fs.mqueue.x') };
  checkCases(t, podOf, [
    [
      { ...shared, hostNetwork: true },
      ...at(
        `sysctls[0].name: Invalid value: "net.ipv4.tcp_syncookies": may not be specified when 'hostNetwork' is true`,
      ),
      ...at(`sysctls[1].name: Invalid value: "net/ipv4/x": may not be specified when 'hostNetwork' is true`),
    ],
    [
      { ...shared, hostIPC: true },
      ...at(`sysctls[2].name: Invalid value: "kernel.sem": may not be specified when 'hostIPC' is true`),
      ...at(`sysctls[3].name: Invalid value: "fs.mqueue.x": may not be specified when 'hostIPC' is true`),
    ],
    [
      { shareProcessNamespace: true, hostPID: true },
      ...at('shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled'),
    ],
    [
      { hostUsers: false, hostNetwork: true, hostPID: true, hostIPC: true },
      ...['hostNetwork', 'HostPID', 'HostIPC'].map(
        (field) => `spec.${field}: Forbidden: when \`pod.Spec.HostUsers\` is false`,
      ),
    ],
    [{ hostUsers: false, containers: [{ ...container, securityContext: { procMount: 'Unmasked' } }] }],
    [
      {
        hostUsers: false,
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'v' } }],
        containers: [{ ...container, volumeDevices: [{ name: 'v', devicePath: '/d' }] }],
      },
      'spec.containers[0].volumeDevices: Forbidden: when `pod.Spec.HostUsers` is false',
    ],
  ]);
});

test('Windows', (t) => {
  const at = under('spec.securityContext.windowsOptions.');
  const user = (runAsUserName: string): Json => ({ runAsUserName });
  checkCases(t, (windowsOptions) => podOf({ securityContext: { windowsOptions } }), [
    [{ gmsaCredentialSpecName: 'a.b', gmsaCredentialSpec: '{}', ...user('NT AUTHORITY\\SYSTEM') }],
    [{ gmsaCredentialSpecName: 'A' }, /gmsaCredentialSpecName: Invalid value: "A"/],
    [
      { gmsaCredentialSpec: 'x'.repeat(65_537) },
      /gmsaCredentialSpec: Invalid value: "x+": gmsaCredentialSpec size must be under 64 KiB/,
    ],
    [user('a\u0001'), ...at(`runAsUserName: Invalid value: "a\\x01": runAsUserName cannot contain control characters`)],
    [
      user('a\\b\\c'),
      ...at(`runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`),
    ],
    [
      user('.d\\u'),
      ...at(
        `runAsUserName: Invalid value: ".d\\\\u": runAsUserName's Domain doesn't match the NetBios nor the DNS format`,
      ),
    ],
    [user('d\\'), ...at(`runAsUserName: Invalid value: "d\\\\": runAsUserName's User cannot be empty`)],
    [user('u'.repeat(105)), /runAsUserName's User length must not be longer than 104 characters/],
    [
      user('. .'),
      ...at(`runAsUserName: Invalid value: ". .": runAsUserName's User cannot contain only periods or spaces`),
    ],
    [user('a/b'), /runAsUserName's User cannot contain the following characters: "\/\\:;\|=,\+\*\?<>@\[\]/],
  ]);
  const onHost = { windowsOptions: { hostProcess: true } };
  checkCases(t, podOf, [
    [{ hostNetwork: true, securityContext: onHost }],
    [
      { securityContext: onHost },
      'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
    ],
    [
      { hostNetwork: true, containers: [container, { name: 'd', image: 'i', securityContext: onHost }] },
      'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
    ],
    [
      {
        hostNetwork: true,
        securityContext: onHost,
        containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: false } } }],
      },
      'spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
    ],
    [{ os: {} }, 'spec.os.name: Required value: cannot be empty'],
    [{ os: { name: 'plan9' } }, 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    [
      { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
      'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
    [
      {
        os: { name: 'windows' },
        hostUsers: true,
        hostPID: true,
        securityContext: { fsGroup: 1, runAsUser: 1 },
        containers: [{ ...container, securityContext: { privileged: true, capabilities: {} } }],
      },
      ...[
        'securityContext.fsGroup',
        'securityContext.runAsUser',
        'hostUsers',
        'hostPID',
        'containers[0].securityContext.capabilities',
        'containers[0].securityContext.privileged',
      ].map((field) => `spec.${field}: Forbidden: cannot be set for a windows pod`),
    ],
  ]);
});
