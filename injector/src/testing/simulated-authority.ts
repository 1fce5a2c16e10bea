import {
  backdateMs,
  nextStep,
  survivors,
  type AuthorityState,
  type CertificateFacts,
  type LeafFacts,
  type LeafName,
  type LeafPlace,
  type Step,
} from '../certificates/rotation.ts';

export interface Lives {
  readonly caLifeMs: number;
  readonly leafLifeMs: number;
}

/** What the chart ships: everything there, nothing in it. */
export const EMPTY: AuthorityState = {
  signing: undefined,
  next: undefined,
  bundle: [],
  places: { webhook: { leaf: undefined, bundle: [] }, discovery: { leaf: undefined, bundle: [] } },
  published: [[], []],
};

let made = 0;

/** What carrying a step out leaves behind, without any cryptography. */
export function carriedOut(state: AuthorityState, step: Step, nowMs: number, lives: Lives): AuthorityState {
  const ids = state.bundle.map(({ id }) => id);
  switch (step.kind) {
    case 'make-ca': {
      const signing = makeFacts('ca', nowMs, lives.caLifeMs);
      return { ...state, signing, next: undefined, bundle: [signing, ...survivors(state, nowMs)] };
    }
    case 'make-next-ca': {
      const next = makeFacts('ca', nowMs, lives.caLifeMs);
      return { ...state, next, bundle: [...state.bundle, next] };
    }
    case 'promote-next-ca':
      return { ...state, signing: state.next, next: undefined };
    case 'drop-cas':
      return { ...state, bundle: state.bundle.filter(({ id }) => !step.ids.includes(id)) };
    case 'distribute-bundle':
      return withPlace(state, step.place, { ...state.places[step.place], bundle: ids });
    case 'publish-bundle':
      return { ...state, published: state.published.map(() => ids) };
    case 'issue-leaf':
      return withPlace(state, step.place, {
        ...state.places[step.place],
        leaf: makeLeaf(state.signing, nowMs, lives),
      });
  }
}

/** Steps until there is nothing to do. Throws when that does not come. */
export function settled(state: AuthorityState, nowMs: number, lives: Lives): AuthorityState {
  let current = state;
  for (let count = 0; count < 32; count++) {
    const step = nextStep(current, nowMs);
    if (step === undefined) return current;
    current = carriedOut(current, step, nowMs, lives);
  }
  throw new Error(`32 steps and no end: ${JSON.stringify(nextStep(current, nowMs))}`);
}

/** Whether a client that trusts `bundle` accepts the leaf now. */
export function accepts(
  leaf: LeafFacts | undefined,
  bundle: readonly string[],
  cas: ReadonlyMap<string, CertificateFacts>,
  nowMs: number,
): boolean {
  const ca = leaf?.issuer === undefined ? undefined : cas.get(leaf.issuer);
  if (leaf === undefined || ca === undefined || !bundle.includes(ca.id)) return false;
  return [leaf, ca].every(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs && nowMs < notAfterMs);
}

function withPlace(state: AuthorityState, name: LeafName, place: LeafPlace): AuthorityState {
  return { ...state, places: { ...state.places, [name]: place } };
}

function makeFacts(kind: string, nowMs: number, lifeMs: number): CertificateFacts {
  return { id: `${kind}-${++made}`, notBeforeMs: nowMs - backdateMs(lifeMs), notAfterMs: nowMs + lifeMs };
}

function makeLeaf(signing: CertificateFacts | undefined, nowMs: number, lives: Lives): LeafFacts | undefined {
  if (signing === undefined) return undefined;
  const { id, notBeforeMs, notAfterMs } = makeFacts('leaf', nowMs, lives.leafLifeMs);
  return {
    id,
    notBeforeMs: Math.max(notBeforeMs, signing.notBeforeMs),
    notAfterMs: Math.min(notAfterMs, signing.notAfterMs),
    issuer: signing.id,
    fits: true,
  };
}
