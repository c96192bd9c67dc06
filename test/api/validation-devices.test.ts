import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

const group = 'resource.k8s.io/v1';
const exactly = { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 };
const request = { name: 'a', exactly };

test('claims to devices', (t) => {
  const kind: Kind = { apiVersion: group, kind: 'ResourceClaim' };
  const claim = (devices: Json): Json => ({ spec: { devices } });
  const asked = (parts: Json): Json => claim({ requests: [{ name: 'a', exactly: { ...exactly, ...parts } }] });
  const at = 'spec.devices';
  const opaque = (parts: Json): Json =>
    claim({ requests: [request], config: [{ opaque: { driver: 'd', parameters: {}, ...parts } }] });
  checkNew(t, kind, [
    [claim({ requests: [request] }), []],
    [claim({ requests: [request, request] }), [`${at}.requests[1].name: Duplicate value: "a"`]],
    [claim({ requests: [{ ...request, name: 'A' }] }), [/^spec\.devices\.requests\[0\]\.name: Invalid value: "A"/]],
    [
      claim({ requests: [{ name: 'a' }] }),
      [`${at}.requests[0]: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
    ],
    [
      claim({ requests: [{ ...request, firstAvailable: [{ name: 'b', ...exactly }] }] }),
      [/exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set$/],
    ],
    [
      claim({
        requests: [
          {
            name: 'a',
            firstAvailable: [
              { name: 'b', ...exactly },
              { name: 'b', ...exactly },
            ],
          },
        ],
      }),
      [`${at}.requests[0].firstAvailable[1].name: Duplicate value: "b"`],
    ],
    [
      claim({ requests: Array.from({ length: 33 }, (_, index) => ({ ...request, name: `a${index}` })) }),
      [`${at}.requests: Too many: 33: must have at most 32 items`],
    ],
    [asked({ deviceClassName: 'G' }), [/deviceClassName: Invalid value: "G"/]],
    [
      asked({ allocationMode: 'All' }),
      [`${at}.requests[0].exactly.count: Invalid value: 1: must not be specified when allocationMode is 'All'`],
    ],
    [asked({ count: -1 }), [`${at}.requests[0].exactly.count: Invalid value: -1: must be greater than zero`]],
    [
      asked({ allocationMode: 'Some' }),
      [/allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"$/],
    ],
    [asked({ selectors: [{}] }), [`${at}.requests[0].exactly.selectors[0].cel: Required value`]],
    [
      asked({ selectors: [{ cel: { expression: 'x'.repeat(10_241) } }] }),
      [/expression: Too long: may not be more than 10240 bytes$/],
    ],
    [
      claim({ requests: [request], constraints: [{ requests: ['b'] }] }),
      [
        `${at}.constraints[0].requests[0]: Invalid value: "b": must be the name of a request in the claim`,
        `${at}.constraints[0].matchAttribute: Required value`,
      ],
    ],
    [
      claim({ requests: [request], config: [{ requests: ['a', 'a'] }] }),
      [`${at}.config[0].requests[1]: Duplicate value: "a"`, `${at}.config[0].opaque: Required value`],
    ],
    [opaque({}), []],
    [opaque({ driver: 'D' }), [/config\[0\]\.opaque\.driver: Invalid value: "D"/]],
    [opaque({ parameters: undefined }), [`${at}.config[0].opaque.parameters: Required value`]],
    [
      opaque({ parameters: [] }),
      [/parameters: Invalid value: "<value omitted>": parameters must be a valid JSON object$/],
    ],
    [opaque({ parameters: { a: 'x'.repeat(10_240) } }), [/parameters: Too long/]],
  ]);
  const immutable = /^spec: Invalid value: .*: field is immutable$/;
  checkChange(t, kind, [[claim({ requests: [request] }), claim({}), [immutable]]]);
  const template: Kind = { apiVersion: group, kind: 'ResourceClaimTemplate' };
  checkNew(t, template, [
    [{ spec: claim({ requests: [{ name: 'a' }] }) }, [/^spec\.spec\.devices\.requests\[0\]: Required value/]],
  ]);
  checkChange(t, template, [[{ spec: claim({}) }, { spec: claim({ requests: [request] }) }, [immutable]]]);
  checkNew(t, { apiVersion: group, kind: 'DeviceClass', cluster: true }, [
    [{ spec: {} }, []],
    [
      { spec: { selectors: [{}], config: [{}] } },
      ['spec.selectors[0].cel: Required value', 'spec.config[0].opaque: Required value'],
    ],
  ]);
});

test('slices of devices', (t) => {
  const kind: Kind = { apiVersion: group, kind: 'ResourceSlice', cluster: true };
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
  const slice = (parts: Json): Json => ({ spec: { driver: 'd', pool, nodeName: 'n', ...parts } });
  checkNew(t, kind, [
    [slice({ devices: [{ name: 'a' }] }), []],
    [slice({ driver: 'D' }), [/^spec\.driver: Invalid value: "D"/]],
    [slice({ driver: 'x'.repeat(64) }), ['spec.driver: Too long: may not be more than 63 bytes']],
    [
      slice({ pool: { name: 'P', generation: -1, resourceSliceCount: 0 } }),
      [
        /^spec\.pool\.name: Invalid value: "P"/,
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      ],
    ],
    [slice({ nodeName: 'N' }), [/^spec\.nodeName: Invalid value: "N"/]],
    [slice({ nodeName: undefined }), [/^spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`/]],
    [
      slice({ allNodes: true }),
      [/^spec: Invalid value: "\{`nodeName`, `allNodes`\}": .*, but multiple fields are set$/],
    ],
    [
      slice({ devices: [{ name: 'a' }, { name: 'a' }, { name: 'B' }] }),
      [/^spec\.devices\[2\]\.name: Invalid value: "B"/, 'spec.devices[1].name: Duplicate value: "a"'],
    ],
  ]);
  checkChange(t, kind, [
    [slice({}), slice({ pool: { ...pool, generation: 2 } }), []],
    [
      slice({}),
      slice({ driver: 'e', pool: { ...pool, name: 'q' }, nodeName: 'm' }),
      [
        'spec.driver: Invalid value: "e": field is immutable',
        'spec.pool.name: Invalid value: "q": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
      ],
    ],
  ]);
});
