import type { X509Certificate } from 'node:crypto';
import type { Log } from '@lanekeeper/runtime/log';
import type { CertificateStore } from './certificate-store.ts';
import { nextStep, survivors, type LeafName, type Step } from './rotation.ts';
import { KEYS, parseAuthority, readState, type Stored } from './stored.ts';
import { readBundle, writeBundle } from './trust.ts';

export interface AuthorityOptions {
  readonly store: CertificateStore;
  readonly log: Log;
  readonly caLifeMs: number;
  readonly leafLifeMs: number;
  /** DNS names and addresses that each leaf is for. */
  readonly names: Readonly<Record<LeafName, readonly string[]>>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/**
 * One round of the leader's work as the authority: reads what is stored, carries out the one step that is next, and says whether
 * there may be another. What a crash, a lost lease or a conflict interrupts is planned anew from what is stored then.
 */
export async function tendAuthority(options: AuthorityOptions): Promise<'again' | 'done'> {
  const stored = await options.store.readAll();
  const nowMs = options.nowMs();
  const step = nextStep(readState(stored, options.names), nowMs);
  if (step === undefined) return 'done';
  await carryOut(step, stored, { ...options, at: nowMs });
  options.log.info(
    { step: step.kind, ...('place' in step ? { place: step.place } : {}) },
    'certificate_step',
  );
  return 'again';
}

type StepOptions = AuthorityOptions & { readonly at: number };

async function carryOut(step: Step, stored: Stored, options: StepOptions): Promise<void> {
  const { store } = options;
  const { bundle, next } = parseAuthority(stored);
  switch (step.kind) {
    case 'make-ca':
      return makeSigningCa(stored, bundle, options);
    case 'make-next-ca': {
      const { makeCa } = await import('./authority.ts');
      const made = await makeCa({ lifeMs: options.caLifeMs, nowMs: options.at });
      const trusted = writeBundle([...bundle, ...readBundle(made.cert)]);
      return store.writeSecret(stored.ca, {
        [KEYS.nextCert]: made.cert,
        [KEYS.nextKey]: made.key,
        [KEYS.bundle]: trusted,
      });
    }
    case 'promote-next-ca':
      return store.writeSecret(stored.ca, {
        [KEYS.cert]: next?.cert,
        [KEYS.key]: next?.key,
        [KEYS.nextCert]: undefined,
        [KEYS.nextKey]: undefined,
        [KEYS.bundle]: writeBundle(bundle),
      });
    case 'drop-cas': {
      const kept = bundle.filter(({ fingerprint256 }) => !step.ids.includes(fingerprint256));
      return store.writeSecret(stored.ca, { [KEYS.bundle]: writeBundle(kept) });
    }
    case 'distribute-bundle':
      return store.writeSecret(stored.leaves[step.place], { [KEYS.bundle]: writeBundle(bundle) });
    case 'publish-bundle':
      return store.publish(stored.configuration, writeBundle(bundle));
    case 'issue-leaf':
      return issue(step.place, stored, options);
  }
}

async function makeSigningCa(
  stored: Stored,
  bundle: readonly X509Certificate[],
  options: StepOptions,
): Promise<void> {
  const { makeCa } = await import('./authority.ts');
  const made = await makeCa({ lifeMs: options.caLifeMs, nowMs: options.at });
  const kept = new Set(survivors(readState(stored, options.names), options.at).map(({ id }) => id));
  const trusted = [
    ...readBundle(made.cert),
    ...bundle.filter(({ fingerprint256 }) => kept.has(fingerprint256)),
  ];
  await options.store.writeSecret(stored.ca, {
    [KEYS.cert]: made.cert,
    [KEYS.key]: made.key,
    [KEYS.nextCert]: undefined,
    [KEYS.nextKey]: undefined,
    [KEYS.bundle]: writeBundle(trusted),
  });
}

async function issue(place: LeafName, stored: Stored, options: StepOptions): Promise<void> {
  const { signing, bundle } = parseAuthority(stored);
  if (signing === undefined) throw new Error('a leaf was planned without a CA');
  const { issueLeaf } = await import('./authority.ts');
  const request = { names: options.names[place], lifeMs: options.leafLifeMs, nowMs: options.at };
  const { cert, key } = await issueLeaf(signing, request);
  await options.store.writeSecret(stored.leaves[place], {
    [KEYS.cert]: cert,
    [KEYS.key]: key,
    [KEYS.bundle]: writeBundle(bundle),
  });
}
