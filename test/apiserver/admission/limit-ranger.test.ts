import test from 'ava';
import { at, createFixture, fields, object, pod, pods, refused, typeOf } from '../registry/harness.ts';

const limitRanges = typeOf('limitranges');
const claims = typeOf('persistentvolumeclaims');

const limitRange = (name: string, ...limits: object[]) => object('v1', 'LimitRange', name, { spec: { limits } });

test('containers get what the namespace has for them', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({
    ...at(limitRanges),
    object: limitRange('usual', {
      type: 'Container',
      default: { cpu: '500m', memory: '256Mi' },
      defaultRequest: { cpu: '100m' },
    }),
  });
  const made = fields(await registry.create({ ...at(pods), object: pod('a') }));
  t.deepEqual(made.spec.containers[0].resources, {
    limits: { cpu: '500m', memory: '256Mi' },
    requests: { cpu: '100m', memory: '256Mi' },
  });
  t.is(
    made.metadata.annotations['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for container main',
  );
  t.is(made.status.qosClass, 'Burstable');
  const containers = [{ name: 'main', image: 'x', resources: { limits: { cpu: '1', memory: '1Gi' } } }];
  const own = fields(await registry.create({ ...at(pods), object: pod('b', { containers }) }));
  t.deepEqual(own.spec.containers[0].resources.limits, { cpu: '1', memory: '1Gi' });
});

test('what is less, more or more unequal than allowed is refused', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({
    ...at(limitRanges),
    object: limitRange(
      'bounds',
      { type: 'Container', min: { cpu: '100m' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '4' } },
      { type: 'Pod', max: { memory: '1Gi' } },
      { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
    ),
  });
  const told = async (...resources: object[]) => {
    const containers = resources.map((each, index) => ({ name: `c${index}`, image: 'x', resources: each }));
    const status = await refused(t, registry.create({ ...at(pods), object: pod('a', { containers }) }), 'Forbidden');
    return status.message!.replace('pods "a" is forbidden: ', '');
  };
  const memory = { limits: { memory: '100Mi' } };
  const cpu = (request: string, limit: string) => ({
    requests: { cpu: request },
    limits: { cpu: limit, memory: '100Mi' },
  });
  t.is(await told(cpu('50m', '100m')), 'minimum cpu usage per Container is 100m, but request is 50m');
  t.is(await told(cpu('1', '3')), 'maximum cpu usage per Container is 2, but limit is 3');
  t.is(
    await told(cpu('200m', '1')),
    'cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000',
  );
  const large = { requests: { cpu: '1' }, limits: { cpu: '1', memory: '600Mi' } };
  t.is(await told(large, large), 'maximum memory usage per Pod is 1Gi, but limit is 1200Mi');
  t.regex(
    await told({ ...cpu('50m', '3') }),
    /^\[minimum cpu usage .* request is 50m, maximum cpu usage .*limit is 3, cpu max limit.*\]$/,
  );
  await t.notThrowsAsync(
    registry.create({ ...at(pods), object: pod('ok', { containers: [{ name: 'x', image: 'x', resources: memory }] }) }),
  );

  const claim = (storage: string) =>
    registry.create({
      ...at(claims),
      object: object('v1', 'PersistentVolumeClaim', 'data', {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      }),
    });
  const small = await refused(t, claim('1Mi'), 'Forbidden');
  t.is(
    small.message,
    'persistentvolumeclaims "data" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
  );
  t.regex(
    (await refused(t, claim('3Gi'), 'Forbidden')).message!,
    /maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi$/,
  );
  await t.notThrowsAsync(claim('2Gi'));
});
