import fc from 'fast-check';
import { createPicker } from '../cluster/create-picker.ts';
import { createEndpointLoads } from '../cluster/endpoint-loads.ts';
import { createOutlierDetector, OUTLIER_DEFAULTS } from '../cluster/outlier.ts';
import type { Picker } from '../cluster/picker.ts';
import { firstUsable } from './mesh.fixture.ts';
import type { Dropped } from './snapshot.ts';

/** The deterministic picker that leaves out whatever has one of `keys`: a sidecar that saw other failures than its neighbour. */
export function ejecting(keys: ReadonlySet<string>): Picker {
  return {
    pick: (subset, { tried, preferred }) =>
      firstUsable.pick(subset, { tried: new Set([...keys, ...(tried ?? [])]), preferred }),
    dropped: (subset, query) => [
      ...firstUsable.dropped(subset, query),
      ...subset.usable
        .filter(({ key }) => keys.has(key))
        .map(({ key }): Dropped => ({ endpoint: key, reason: 'ejected' })),
    ],
  };
}

/** The picker of the real sidecar, its randomness replayable from `seed`. */
export function realPicker(seed: number): Picker {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return createPicker({
    balancing: () => ({ policy: 'least-request', zoneAware: false }),
    zone: () => undefined,
    clientAddress: '',
    loads: createEndpointLoads(),
    outliers: createOutlierDetector({ ...OUTLIER_DEFAULTS, now: () => 0 }),
    random,
  });
}

/** Either picker; both must keep every invariant. */
export const pickers: fc.Arbitrary<Picker> = fc.oneof(fc.constant(firstUsable), fc.nat().map(realPicker));

const keys = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 5 })).map(([a, b]) => `10.0.${a}.${b}:8080`);

/** A picker that has ejected some endpoints of a generated mesh. */
export const moodyPickers: fc.Arbitrary<Picker> = fc
  .uniqueArray(keys, { maxLength: 12 })
  .map((ejected) => ejecting(new Set(ejected)));
