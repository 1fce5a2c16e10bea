import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { createReflector, type Reflector } from '@lanekeeper/kubernetes/reflector';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  SECRETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  type Collection,
} from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import { SECRET_NAMES } from './certificate-store.ts';
import type { ServedCertificate } from './served-certificate.ts';
import { KEYS, readConfiguration, readSecret } from './stored.ts';

export interface WatchOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly kubernetesMetrics: KubernetesMetrics;
  readonly namespace: string;
  readonly settings: { readonly webhookConfiguration: string };
  readonly served: ServedCertificate;
  /** Any of the objects has changed. */
  readonly onChange: () => void;
}

export interface WatchedCertificates {
  /** PEM beside the control plane's certificate: what sidecars are to trust. */
  discoveryCa(): string | undefined;
  /** Resolves when each object has been read. */
  start(): Promise<void>;
  stop(): void;
}

/** Follows, by name, the Secrets and the webhook configuration that each replica lives by. */
export function watchCertificates(options: WatchOptions): WatchedCertificates {
  const { served, namespace } = options;
  const secrets: Collection = { resource: SECRETS, namespace };
  const webhook = follow(options, { place: secrets, name: SECRET_NAMES.webhook }, (object) =>
    served.setSecret(object === undefined ? undefined : readSecret(object)),
  );
  const configurations = followConfigurations(options);
  let ca = '';
  const discovery = follow(options, { place: secrets, name: SECRET_NAMES.discovery }, (object) => {
    ca = object === undefined ? '' : (readSecret(object).data[KEYS.bundle] ?? '');
  });
  const all = [webhook, discovery, ...configurations];
  return {
    discoveryCa: () => (ca === '' ? undefined : ca),
    async start() {
      for (const one of all) one.start();
      await Promise.all(all.map((one) => one.synced()));
    },
    stop() {
      for (const one of all) one.stop();
    },
  };
}

/** The mutating configuration must be there; with the validating one both are as one. */
function followConfigurations(options: WatchOptions): readonly Reflector<KubeObject>[] {
  const { served, settings } = options;
  const objects: { mutating?: KubeObject | undefined; validating?: KubeObject | undefined } = {};
  const tell = (): void => {
    const { mutating, validating } = objects;
    const known = [mutating, validating].filter((object) => object !== undefined);
    served.setConfiguration(mutating === undefined ? undefined : readConfiguration(known));
  };
  const name = settings.webhookConfiguration;
  return [
    follow(options, { place: { resource: MUTATING_WEBHOOK_CONFIGURATIONS }, name }, (object) => {
      objects.mutating = object;
      tell();
    }),
    follow(options, { place: { resource: VALIDATING_WEBHOOK_CONFIGURATIONS }, name }, (object) => {
      objects.validating = object;
      tell();
    }),
  ];
}

interface Followed {
  readonly place: Collection;
  readonly name: string;
}

/** Tells of one object as it changes; undefined: it is gone. */
function follow(
  options: WatchOptions,
  { place, name }: Followed,
  tell: (object: KubeObject | undefined) => void,
): Reflector<KubeObject> {
  const { client, log, kubernetesMetrics: metrics, onChange } = options;
  return createReflector({
    client,
    log,
    metrics,
    place,
    // The right to list and watch is for this name only.
    fieldSelector: `metadata.name=${name}`,
    transform: (object) => (object.metadata.name === name ? object : undefined),
    onChange(change) {
      tell(change.kind === 'deleted' ? undefined : change.value);
      onChange();
    },
  });
}
