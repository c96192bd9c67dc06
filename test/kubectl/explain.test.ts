import test from 'ava';
import { scenario } from './support/scenario.ts';

const { sh, fails } = scenario(test);

test.serial('kinds, fields and their values', async (t) => {
  const deployment = await sh('kubectl explain deployment');
  t.regex(
    deployment,
    /^GROUP: {6}apps\nKIND: {7}Deployment\nVERSION: {4}v1\n\nDESCRIPTION:\n {4}Keeps a number of pods running/,
  );
  t.regex(deployment, /\nFIELDS:\n {2}apiVersion\t<string>\n {4}\S/);
  const policy = await sh('kubectl explain pod.spec.containers.imagePullPolicy');
  t.regex(
    policy,
    /\nFIELD: imagePullPolicy <string>\nENUM:\n {4}Always\n {4}IfNotPresent\n {4}Never\n\nDESCRIPTION:\n {4}When the image/,
  );
  const port = await sh('kubectl explain pods.spec.containers.ports');
  t.regex(port, /\nFIELD: ports <\[\]ContainerPort>\n/);
  t.regex(port, /\n {2}containerPort\t<integer> -required-\n {4}\S/);
  t.regex(await sh('kubectl explain pod.metadata.labels'), /FIELD: labels <map\[string\]string>\n/);
  t.regex(await fails('kubectl explain pod.nope'), /field "nope" does not exist/);
});

test.serial('recursively, in the older form, and by version', async (t) => {
  const tree = await sh('kubectl explain pods.spec.containers --recursive');
  t.regex(tree, /\n {2}env\t<\[\]EnvVar>\n {4}name\t<string> -required-\n {4}value\t<string>\n/);
  t.regex(tree, /\n {2}imagePullPolicy\t<string>\n {2}enum: Always, IfNotPresent, Never\n/);
  t.regex(await sh('kubectl explain crd --recursive'), /openAPIV3Schema\t<JSONSchemaProps>/);
  const old = await sh('kubectl explain cronjob.spec --output plaintext-openapiv2');
  t.regex(old, /^KIND: {5}CronJob\nVERSION: {2}batch\/v1\n\nRESOURCE: spec <Object>\n\nDESCRIPTION:\n {5}\S/);
  t.regex(old, /\n {3}schedule\t<string> -required-\n/);
  const scaler = await sh('kubectl explain hpa.spec --api-version=autoscaling/v1');
  t.regex(scaler, /VERSION: +v1\n[\s\S]*targetCPUUtilizationPercentage\t<integer>/);
});
