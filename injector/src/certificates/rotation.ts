/**
 * When certificates are made, trusted, used and forgotten. Pure: what is stored and the time in, the next step out. Nothing is
 * remembered between two steps but what the Secrets and the webhook configuration hold, so a new leader, a restart and a clock that
 * jumps all plan from the same dates.
 */

export interface CertificateFacts {
  /** Tells two certificates apart: the fingerprint. */
  readonly id: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface LeafFacts extends CertificateFacts {
  /** Which of the CAs in `bundle` has signed it; undefined: none of them. */
  readonly issuer: string | undefined;
  /** Its key belongs to it, and it has the names that it should have. */
  readonly fits: boolean;
}

export interface LeafPlace {
  readonly leaf: LeafFacts | undefined;
  /** CAs that lie beside the leaf, for whoever must trust it. */
  readonly bundle: readonly string[];
}

export const LEAVES = ['webhook', 'discovery'] as const;

export type LeafName = (typeof LEAVES)[number];

/** What is stored in the cluster. */
export interface AuthorityState {
  /** Undefined: there is none with a usable key. */
  readonly signing: CertificateFacts | undefined;
  /** Trusted already and not signing yet. */
  readonly next: CertificateFacts | undefined;
  /** CAs that are to be trusted; `signing` and `next` among them. */
  readonly bundle: readonly CertificateFacts[];
  readonly places: Readonly<Record<LeafName, LeafPlace>>;
  /** What the API servers trust; a list for each webhook of the configuration. */
  readonly published: readonly (readonly string[])[];
}

/** One change of one object. After it, everything is read and planned anew. */
export type Step =
  | { readonly kind: 'make-ca' }
  | { readonly kind: 'make-next-ca' }
  | { readonly kind: 'promote-next-ca' }
  | { readonly kind: 'drop-cas'; readonly ids: readonly string[] }
  | { readonly kind: 'distribute-bundle'; readonly place: LeafName }
  | { readonly kind: 'publish-bundle' }
  | { readonly kind: 'issue-leaf'; readonly place: LeafName };

/** A CA, and a leaf, is replaced after this share of its life: the rest is the time for everything to go wrong in. */
const REPLACE_AFTER = 2 / 3;
/** Certificates begin before they are made, by this share of their life and no more than an hour: clocks differ. */
const BACKDATE_SHARE = 1 / 20;
const MAX_BACKDATE_MS = 3_600_000;
/** How long API servers take at most to trust what was published; they watch, so it is seconds. */
const MAX_SETTLE_MS = 300_000;
/** Beyond it something replaces CAs again and again; each is some 600 bytes in every pod. */
const MAX_BUNDLE = 8;

/** Undefined: everything is as it should be. */
export function nextStep(state: AuthorityState, nowMs: number): Step | undefined {
  return (
    stepOfAuthority(state, nowMs) ??
    stepOfTrust(state) ??
    stepOfLeaves(state, nowMs) ??
    stepOfForgetting(state, nowMs)
  );
}

export function backdateMs(lifeMs: number): number {
  return Math.min(MAX_BACKDATE_MS, lifeMs * BACKDATE_SHARE);
}

/** When the pods that were admitted before `next` was trusted must be gone: half of what the CA before it has left then. */
export function promotionMs(signing: CertificateFacts, next: CertificateFacts): number {
  const madeMs = madeAt(next);
  return madeMs + Math.max(0, signing.notAfterMs - madeMs) / 2;
}

/** CAs that are still to be trusted when a new one is made: what was trusted, the newest first. */
export function survivors(state: AuthorityState, nowMs: number): readonly CertificateFacts[] {
  return state.bundle
    .filter(({ notAfterMs }) => notAfterMs > nowMs)
    .toSorted((a, b) => b.notBeforeMs - a.notBeforeMs)
    .slice(0, MAX_BUNDLE - 1);
}

function stepOfAuthority({ signing, next, ...state }: AuthorityState, nowMs: number): Step | undefined {
  if (signing === undefined || !isValid(signing, nowMs)) {
    return { kind: next !== undefined && isValid(next, nowMs) ? 'promote-next-ca' : 'make-ca' };
  }
  if (next === undefined) return isDue(signing, nowMs) ? { kind: 'make-next-ca' } : undefined;
  // Its date is not enough: whoever verifies must have been told.
  const isTrusted = [...placesOf(state), ...state.published].every((bundle) => bundle.includes(next.id));
  return isTrusted && nowMs >= promotionMs(signing, next) ? { kind: 'promote-next-ca' } : undefined;
}

/** A bundle goes out before the first certificate that needs it. */
function stepOfTrust(state: AuthorityState): Step | undefined {
  const wanted = state.bundle.map(({ id }) => id);
  for (const place of LEAVES) {
    if (!isSame(state.places[place].bundle, wanted)) return { kind: 'distribute-bundle', place };
  }
  const isPublished = state.published.every((bundle) => isSame(bundle, wanted));
  return isPublished ? undefined : { kind: 'publish-bundle' };
}

function stepOfLeaves({ signing, places }: AuthorityState, nowMs: number): Step | undefined {
  if (signing === undefined) return undefined;
  const isSettled = nowMs >= madeAt(signing) + settleMs(signing);
  for (const place of LEAVES) {
    const { leaf } = places[place];
    const isUsable = leaf !== undefined && leaf.fits && leaf.issuer !== undefined && isValid(leaf, nowMs);
    // One that can be used waits until a CA that was made in a hurry is known everywhere.
    if (!isUsable || (isDue(leaf, nowMs) && isSettled)) return { kind: 'issue-leaf', place };
  }
  return undefined;
}

/** A CA that has ended proves nothing any more, and no leaf outlives the CA that signed it. */
function stepOfForgetting({ signing, next, bundle }: AuthorityState, nowMs: number): Step | undefined {
  const ids = bundle
    .filter(({ id, notAfterMs }) => notAfterMs <= nowMs && id !== signing?.id && id !== next?.id)
    .map(({ id }) => id);
  return ids.length === 0 ? undefined : { kind: 'drop-cas', ids };
}

function placesOf({ places }: Pick<AuthorityState, 'places'>): readonly (readonly string[])[] {
  return LEAVES.map((place) => places[place].bundle);
}

function isValid({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number): boolean {
  return notBeforeMs <= nowMs && nowMs < notAfterMs;
}

function isDue(certificate: CertificateFacts, nowMs: number): boolean {
  return nowMs >= certificate.notBeforeMs + lengthOf(certificate) * REPLACE_AFTER;
}

function lengthOf({ notBeforeMs, notAfterMs }: CertificateFacts): number {
  return notAfterMs - notBeforeMs;
}

/** Undoes {@link backdateMs}, of which only the whole length is known. */
function madeAt(certificate: CertificateFacts): number {
  const share = BACKDATE_SHARE / (1 + BACKDATE_SHARE);
  return certificate.notBeforeMs + Math.min(MAX_BACKDATE_MS, lengthOf(certificate) * share);
}

function settleMs(signing: CertificateFacts): number {
  return Math.min(MAX_SETTLE_MS, lengthOf(signing) / 100);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
