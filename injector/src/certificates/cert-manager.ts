import type { X509Certificate } from 'node:crypto';
import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import type { Log } from '@lanekeeper/runtime/log';
import { SECRET_NAMES, type CertificateStore } from './certificate-store.ts';
import { KEYS, type StoredSecret } from './stored.ts';
import { readBundle, writeBundle } from './trust.ts';

export interface PublisherOptions {
  readonly store: CertificateStore;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** How long a CA stays published that the issuer no longer has: replicas serve by the old leaf until the new CA is known everywhere. */
const OVERLAP_MS = 600_000;

/**
 * One round of the leader's work where somebody else signs: what lies beside the webhook's certificate is published to the API
 * servers. Between two rounds it remembers since when a CA is no longer wanted; a new leader begins to count anew, which only
 * makes the overlap longer.
 */
export function createPublisher(options: PublisherOptions): () => Promise<'again' | 'done'> {
  const unwantedSince = new Map<string, number>();
  return async () => {
    const { store, log } = options;
    const [secret, configuration] = await Promise.all([readIssued(store), store.readConfiguration()]);
    const wanted = readBundle(secret?.data[KEYS.bundle]);
    if (wanted.length === 0) {
      // Its coming wakes us.
      log.warn(
        { secret: SECRET_NAMES.webhook, expected: `${KEYS.bundle}: the issuer’s CA` },
        'certificate_awaited',
      );
      return 'done';
    }
    const published = configuration.bundles.map(readBundle);
    const kept = stillWanted(published.flat(), wanted, { unwantedSince, nowMs: options.nowMs() });
    const bundle = [...wanted, ...kept];
    if (published.every((one) => isSame(one, bundle))) return 'done';
    await store.publish(configuration, writeBundle(bundle));
    log.info({ cas: bundle.length }, 'ca_bundle_published');
    return 'again';
  };
}

/** Undefined: whoever signs has not made it yet. */
async function readIssued(store: CertificateStore): Promise<StoredSecret | undefined> {
  try {
    return await store.readSecret('webhook');
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

interface Memory {
  readonly unwantedSince: Map<string, number>;
  readonly nowMs: number;
}

function stillWanted(
  published: readonly X509Certificate[],
  wanted: readonly X509Certificate[],
  { unwantedSince, nowMs }: Memory,
): readonly X509Certificate[] {
  const ids = new Set(wanted.map(({ fingerprint256 }) => fingerprint256));
  for (const id of ids) unwantedSince.delete(id);
  const old = new Map(
    published.filter(({ fingerprint256 }) => !ids.has(fingerprint256)).map((ca) => [ca.fingerprint256, ca]),
  );
  return [...old.values()].filter(({ fingerprint256, validToDate }) => {
    const since = unwantedSince.get(fingerprint256) ?? nowMs;
    unwantedSince.set(fingerprint256, since);
    return nowMs - since < OVERLAP_MS && validToDate.getTime() > nowMs;
  });
}

function isSame(a: readonly X509Certificate[], b: readonly X509Certificate[]): boolean {
  const ids = new Set(b.map(({ fingerprint256 }) => fingerprint256));
  return a.length === b.length && a.every(({ fingerprint256 }) => ids.has(fingerprint256));
}
