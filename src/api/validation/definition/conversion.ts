import { type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import type { CustomResourceConversion, WebhookClientConfig } from '../../types/apiextensions-v1.ts';
import type { Errors } from '../checks.ts';

/** Versions of ConversionReview that we speak. */
export const conversionReviewVersions = ['v1', 'v1beta1'];

export function checkConversion(errors: Errors, path: FieldPath, conversion: CustomResourceConversion): void {
  const { strategy, webhook } = conversion;
  const strategies = ['None', 'Webhook'];
  if (!strategies.includes(strategy)) errors.push(notSupported(path.child('strategy'), strategy, strategies));
  const config = path.child('webhookClientConfig');
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig !== undefined) {
      errors.push(forbiddenField(config, 'should not be set when strategy is not set to Webhook'));
    }
    return;
  }
  if (webhook?.clientConfig === undefined) {
    errors.push(required(config, 'required when strategy is set to Webhook'));
  } else checkClient(errors, config, webhook.clientConfig);
  const versions = webhook?.conversionReviewVersions ?? [];
  const at = path.child('conversionReviewVersions');
  if (versions.length === 0) errors.push(required(at));
  else if (!versions.some((version) => conversionReviewVersions.includes(version))) {
    const text = `must include at least one of ${conversionReviewVersions.join(', ')}`;
    errors.push(invalidValue(at, versions, text));
  }
}

function checkClient(errors: Errors, path: FieldPath, { url, service }: WebhookClientConfig): void {
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'));
    return;
  }
  if (url !== undefined) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const at = path.child('url');
    if (parsed === undefined) errors.push(invalidValue(at, url, 'url must be a valid URL: scheme://host:port/path'));
    else if (parsed.protocol !== 'https:') {
      errors.push(invalidValue(at, parsed.protocol.slice(0, -1), "'https' is the only allowed URL scheme"));
    } else if (parsed.username !== '' || parsed.search !== '' || parsed.hash !== '') {
      errors.push(invalidValue(at, url, 'user info, query and fragment are not permitted in the URL'));
    }
    return;
  }
  const at = path.child('service');
  if (!service!.name) errors.push(required(at.child('name')));
  if (!service!.namespace) errors.push(required(at.child('namespace')));
  const { port = 443 } = service!;
  if (port < 1 || port > 65_535) {
    errors.push(invalidValue(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'));
  }
}
