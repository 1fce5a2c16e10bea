import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepts, carriedOut, EMPTY, settled, type Lives } from '../testing/simulated-authority.ts';
import { LEAVES, nextStep, type AuthorityState, type CertificateFacts } from './rotation.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIVES: Lives = { caLifeMs: 100 * DAY, leafLifeMs: 9 * DAY };
/** How old what an API server, a replica, a control plane or a new pod knows may be. */
const LAG_MS = 4 * MINUTE;
/** Pods older than this must be restarted before the CA that they know ends. */
const POD_LIFE_MS = LIVES.caLifeMs / 6 - DAY;

interface Change {
  readonly atMs: number;
  readonly state: AuthorityState;
  /** Somebody has emptied the webhook configuration; nobody can be verified until that is repaired. */
  readonly isWiped: boolean;
}

interface Incident {
  readonly kind: 'outage' | 'wipe' | 'lose-ca';
  readonly atMs: number;
  /** Of an outage: below the third of a leaf's life that is there for it. */
  readonly lastsMs: number;
}

/** A leader that looks every so often, is away at times, and is ended between any two steps. */
class World {
  readonly history: Change[] = [];
  readonly cas = new Map<string, CertificateFacts>();
  #state = EMPTY;

  run(tickMs: number, untilMs: number, incidents: readonly Incident[]): void {
    for (let nowMs = 0; nowMs < untilMs; nowMs += tickMs) {
      for (const incident of incidents) {
        if (incident.atMs > nowMs - tickMs && incident.atMs <= nowMs) this.#suffer(incident, nowMs);
      }
      const isAway = incidents.some(
        ({ kind, atMs, lastsMs }) => kind === 'outage' && atMs <= nowMs && nowMs < atMs + lastsMs,
      );
      if (!isAway) this.#work(nowMs);
      this.#verify(nowMs);
    }
  }

  #work(nowMs: number): void {
    // Each step is seen by somebody who looks at that very moment.
    for (let count = 0; count < 32; count++) {
      const step = nextStep(this.#state, nowMs);
      if (step === undefined) return;
      this.#become(carriedOut(this.#state, step, nowMs, LIVES), nowMs);
      if (this.history.length > 1) this.#verify(nowMs);
    }
    throw new Error('the leader never comes to an end');
  }

  #suffer({ kind }: Incident, nowMs: number): void {
    if (kind === 'wipe') this.#become({ ...this.#state, published: [[], []] }, nowMs, true);
    if (kind === 'lose-ca') {
      const kept = Object.values(this.#state.places).flatMap(({ bundle }) => bundle);
      const bundle = this.#state.bundle.filter(({ id }) => kept.includes(id));
      this.#become({ ...this.#state, signing: undefined, next: undefined, bundle }, nowMs);
    }
  }

  #become(state: AuthorityState, atMs: number, isWiped = false): void {
    this.#state = state;
    for (const ca of state.bundle) this.cas.set(ca.id, ca);
    this.history.push({ atMs, state, isWiped });
  }

  /** What somebody may know at `nowMs` who is up to `ageMs` behind. */
  known(nowMs: number, ageMs: number): readonly Change[] {
    const recent = this.history.filter(({ atMs }) => atMs > nowMs - ageMs && atMs <= nowMs);
    const before = this.history.findLast(({ atMs }) => atMs <= nowMs - ageMs);
    return before === undefined ? recent : [before, ...recent];
  }

  isUp = false;
  arePodsJudged = true;

  #verify(nowMs: number): void {
    const known = this.known(nowMs, LAG_MS);
    const served = LEAVES.map((place) => known.map(({ state }) => state.places[place].leaf));
    this.isUp ||= served.flat().every((leaf) => leaf !== undefined);
    if (!this.isUp) return;
    const [webhook = [], discovery = []] = served;
    const servers = known
      .filter(({ state, isWiped }) => !isWiped && state.published.every(({ length }) => length > 0))
      .flatMap(({ state }) => state.published);
    const pods = this.arePodsJudged
      ? this.known(nowMs, POD_LIFE_MS + LAG_MS)
          .filter(({ state }) => state.places.discovery.leaf !== undefined)
          .map(({ state }) => state.places.discovery.bundle)
      : [];
    this.#expectAll(webhook, servers, nowMs);
    this.#expectAll(discovery, pods, nowMs);
  }

  #expectAll(
    leaves: readonly AuthorityState['places']['webhook']['leaf'][],
    bundles: readonly (readonly string[])[],
    nowMs: number,
  ): void {
    for (const leaf of leaves) {
      for (const bundle of bundles) {
        if (accepts(leaf, bundle, this.cas, nowMs)) continue;
        throw new Error(`day ${nowMs / DAY}: ${JSON.stringify(leaf)} is not accepted by ${bundle.join()}`);
      }
    }
  }
}

const incidentOf = (...kinds: readonly Incident['kind'][]): fc.Arbitrary<Incident> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    atMs: fc.integer({ min: DAY, max: 300 * DAY }),
    lastsMs: fc.integer({ min: HOUR, max: 2 * DAY }),
  });

/** Apart, so that two outages do not make one that is longer than a leaf has to spare. */
function areApart(incidents: readonly Incident[]): boolean {
  const times = incidents.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  return times.every((atMs, index) => index === 0 || atMs - (times[index - 1] ?? 0) > 4 * DAY);
}

describe('the rotation of certificates', () => {
  it('has every served leaf accepted by every bundle in force, of API servers and of pods, at every moment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30 * MINUTE, max: 6 * HOUR }),
        fc.array(incidentOf('outage', 'wipe'), { maxLength: 8 }).filter(areApart),
        (tickMs, incidents) => {
          const world = new World();
          world.run(tickMs, 330 * DAY, incidents);
          // Three CAs have followed one another, or nothing was rotated at all.
          expect(world.cas.size).toBeGreaterThanOrEqual(4);
          expect(world.history.at(-1)?.state.bundle.length).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('loses no admission when the CA is lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30 * MINUTE, max: 6 * HOUR }),
        fc.array(incidentOf('outage', 'lose-ca'), { minLength: 1, maxLength: 6 }).filter(areApart),
        (tickMs, incidents) => {
          const world = new World();
          world.arePodsJudged = false;
          world.run(tickMs, 320 * DAY, incidents);
          expect(world.isUp).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  it('finds its way back from clocks that jump', () => {
    const jump = fc.integer({ min: -40 * 365 * DAY, max: 40 * 365 * DAY });
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 12 }), (jumps) => {
        let state = settled(EMPTY, 0, LIVES);
        for (const nowMs of [...jumps, 50 * DAY]) state = settled(state, nowMs, LIVES);
        const cas = new Map(state.bundle.map((ca) => [ca.id, ca]));
        for (const place of LEAVES) {
          const { leaf, bundle } = state.places[place];
          expect(accepts(leaf, bundle, cas, 50 * DAY)).toBe(true);
          for (const published of state.published) expect(published.toSorted()).toEqual(bundle.toSorted());
        }
        expect(state.bundle.length).toBeLessThanOrEqual(9);
      }),
    );
  });

  it('repairs whatever somebody has taken out of the cluster, and then has nothing to do', () => {
    const whole = settled(EMPTY, 0, LIVES);
    const damages: readonly ((state: AuthorityState) => AuthorityState)[] = [
      (state) => ({ ...state, published: [[], state.published[1] ?? []] }),
      (state) => ({ ...state, signing: undefined }),
      (state) => ({ ...state, places: { ...state.places, webhook: { leaf: undefined, bundle: [] } } }),
      (state) => ({
        ...state,
        places: { ...state.places, discovery: { ...state.places.discovery, bundle: ['x'] } },
      }),
    ];
    for (const damage of damages) {
      const repaired = settled(damage(whole), DAY, LIVES);
      const trusted = repaired.bundle.map(({ id }) => id);
      expect(repaired.published).toEqual([trusted, trusted]);
      expect(repaired.places.webhook).toMatchObject({ bundle: trusted, leaf: { fits: true } });
      expect(repaired.places.discovery).toMatchObject({ bundle: trusted, leaf: { fits: true } });
      expect(nextStep(repaired, DAY)).toBeUndefined();
    }
    expect(nextStep(whole, DAY)).toBeUndefined();
  });
});
