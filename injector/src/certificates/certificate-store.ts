import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  SECRETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  type Named,
} from '@lanekeeper/kubernetes/resources';
import type { LeafName } from './rotation.ts';
import {
  encode,
  readConfiguration,
  readSecret,
  withBundle,
  type Stored,
  type StoredConfiguration,
  type StoredSecret,
} from './stored.ts';

/** Objects that the chart ships, by name. */
export interface CertificateObjects {
  readonly namespace: string;
  readonly webhookConfiguration: string;
}

export const SECRET_NAMES = {
  ca: 'lanekeeper-ca',
  webhook: 'lanekeeper-webhook-tls',
  discovery: 'lanekeeper-discovery-tls',
} as const satisfies Record<LeafName | 'ca', string>;

/** The Secrets and the webhook configuration. Everything rejects with ApiError; a write does with a conflict if somebody else was first. */
export interface CertificateStore {
  readSecret(name: LeafName | 'ca'): Promise<StoredSecret>;
  readConfiguration(): Promise<StoredConfiguration>;
  readAll(): Promise<Stored>;
  /** Sets values; those that are undefined go, those not named stay. */
  writeSecret(secret: StoredSecret, values: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** The same bundle for each webhook. */
  publish(configuration: StoredConfiguration, bundle: string): Promise<void>;
}

export function createCertificateStore(client: ApiClient, objects: CertificateObjects): CertificateStore {
  const name = objects.webhookConfiguration;
  const mutating: Named = { resource: MUTATING_WEBHOOK_CONFIGURATIONS, name };
  const validating: Named = { resource: VALIDATING_WEBHOOK_CONFIGURATIONS, name };
  const secret = (name: string): Named => ({ resource: SECRETS, namespace: objects.namespace, name });
  const read = async (name: LeafName | 'ca'): Promise<StoredSecret> =>
    readSecret(await client.get(secret(SECRET_NAMES[name])));
  const configuration = async (): Promise<StoredConfiguration> => {
    const [must, may] = await Promise.all([client.get(mutating), getIfThere(client, validating)]);
    return readConfiguration(may === undefined ? [must] : [must, may]);
  };
  return {
    readSecret: read,
    readConfiguration: configuration,
    async readAll() {
      const [ca, webhook, discovery, published] = await Promise.all([
        read('ca'),
        read('webhook'),
        read('discovery'),
        configuration(),
      ]);
      return { ca, leaves: { webhook, discovery }, configuration: published };
    },
    async writeSecret({ object, data }, values) {
      const entries = Object.entries({ ...data, ...values }).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, encode(value)] as const],
      );
      await client.update(secret(object.metadata.name), { ...object, data: Object.fromEntries(entries) });
    },
    async publish(stored, bundle) {
      const places = [mutating, validating];
      for (const [index, object] of stored.objects.entries()) {
        const { resourceVersion } = object.metadata;
        // A list is replaced whole, so it must be the one that was read: with another version the server answers 409.
        const body = { metadata: { resourceVersion }, webhooks: withBundle(object, bundle) };
        await client.patch(places[index] ?? mutating, { type: 'merge', body });
      }
    },
  };
}

/** Objects of ours are validated only where the chart says so. */
async function getIfThere(client: ApiClient, place: Named): Promise<KubeObject | undefined> {
  try {
    return await client.get(place);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
