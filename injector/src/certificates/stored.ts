import type { X509Certificate } from 'node:crypto';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import { LEAVES, type AuthorityState, type LeafName, type LeafPlace } from './rotation.ts';
import { factsOf, hasNames, issuerIn, readBundle, readPair } from './trust.ts';

/** Keys of the Secrets, as cert-manager and `kubernetes.io/tls` have them; `next` is ours, in the CA's Secret only. */
export const KEYS = {
  cert: 'tls.crt',
  key: 'tls.key',
  bundle: 'ca.crt',
  nextCert: 'next.crt',
  nextKey: 'next.key',
} as const;

/** A Secret with its values as text. */
export interface StoredSecret {
  readonly object: KubeObject;
  readonly data: Readonly<Record<string, string>>;
}

/** The mutating configuration, and the validating one where there is one; both call the same server. */
export interface StoredConfiguration {
  readonly objects: readonly KubeObject[];
  /** What the API servers trust for each of their webhooks: PEM, empty for none. */
  readonly bundles: readonly string[];
}

export interface Stored {
  readonly ca: StoredSecret;
  readonly leaves: Readonly<Record<LeafName, StoredSecret>>;
  readonly configuration: StoredConfiguration;
}

export function readSecret(object: KubeObject): StoredSecret {
  const texts = Object.entries(fieldsOf(object['data'])).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, decode(value)] as const] : [],
  );
  return { object, data: Object.fromEntries(texts) };
}

export function readConfiguration(objects: readonly KubeObject[]): StoredConfiguration {
  return { objects, bundles: objects.flatMap(webhooksOf).map(bundleOf) };
}

/** The webhooks with this bundle, and everything else of them as it came. */
export function withBundle(object: KubeObject, bundle: string): readonly unknown[] {
  return webhooksOf(object).map((webhook) => {
    const { clientConfig, ...rest } = fieldsOf(webhook);
    return { ...rest, clientConfig: { ...fieldsOf(clientConfig), caBundle: encode(bundle) } };
  });
}

function webhooksOf({ webhooks }: KubeObject): readonly unknown[] {
  return Array.isArray(webhooks) ? webhooks : [];
}

function bundleOf(webhook: unknown): string {
  const { caBundle } = fieldsOf(fieldsOf(webhook)['clientConfig']);
  return typeof caBundle === 'string' ? decode(caBundle) : '';
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What is stored, as certificates; undefined where there is none that could be used. */
export interface ParsedAuthority {
  readonly signing: CertificatePair | undefined;
  readonly next: CertificatePair | undefined;
  readonly bundle: readonly X509Certificate[];
}

export function parseAuthority({
  ca,
  leaves,
}: Stored): ParsedAuthority & { readonly state: Pick<AuthorityState, 'signing' | 'next' | 'bundle'> } {
  const signing = readPair({ cert: ca.data[KEYS.cert], key: ca.data[KEYS.key] });
  const next = readPair({ cert: ca.data[KEYS.nextCert], key: ca.data[KEYS.nextKey] });
  // With the CA's Secret lost, what was trusted until now is known from beside the leaves.
  const texts = [ca, ...(signing === undefined ? Object.values(leaves) : [])].map(
    ({ data }) => data[KEYS.bundle] ?? '',
  );
  const bundle = readBundle([signing?.cert ?? '', next?.cert ?? '', ...texts].join('\n')).filter(
    (one) => one.ca,
  );
  return {
    signing,
    next,
    bundle,
    state: {
      signing: signing === undefined ? undefined : factsOf(signing.parsed),
      next: next === undefined ? undefined : factsOf(next.parsed),
      bundle: bundle.map(factsOf),
    },
  };
}

/** Everything that the next step is planned from. */
export function readState(
  stored: Stored,
  names: Readonly<Record<LeafName, readonly string[]>>,
): AuthorityState {
  const { state, bundle } = parseAuthority(stored);
  const places = LEAVES.map((name) => [name, readPlace(stored.leaves[name], bundle, names[name])] as const);
  return {
    ...state,
    places: Object.fromEntries(places) as Record<LeafName, LeafPlace>,
    published: stored.configuration.bundles.map(idsOf),
  };
}

function readPlace(
  { data }: StoredSecret,
  trusted: readonly X509Certificate[],
  names: readonly string[],
): LeafPlace {
  const pair = readPair({ cert: data[KEYS.cert], key: data[KEYS.key] });
  const leaf =
    pair === undefined
      ? undefined
      : {
          ...factsOf(pair.parsed),
          issuer: issuerIn(pair.parsed, trusted)?.fingerprint256,
          fits: hasNames(pair.parsed, names),
        };
  return { leaf, bundle: idsOf(data[KEYS.bundle]) };
}

function idsOf(pem: string | undefined): readonly string[] {
  return readBundle(pem).map(({ fingerprint256 }) => fingerprint256);
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
