import type { Balancing } from '@lanekeeper/protocol/model';
import type { Dropped, Endpoint, Subset } from '../route/snapshot.ts';
import { ejectedOf, preferZone } from './candidates.ts';
import type { EndpointLoads } from './endpoint-loads.ts';
import type { OutlierDetector } from './outlier.ts';
import type { Picker, PickQuery } from './picker.ts';
import { stickyEndpoint } from './sticky-endpoint.ts';
import { createWeightedTable, smoothRound } from './weighted-table.ts';

export interface PickerOptions {
  /** Asked when a subset is first seen: the settings of the snapshot it belongs to. */
  readonly balancing: () => Balancing;
  /** The caller's own zone; may become known later. */
  readonly zone: () => string | undefined;
  /** The caller's own address, for services where one caller keeps to one endpoint. */
  readonly clientAddress: string;
  readonly loads: Pick<EndpointLoads, 'of'>;
  readonly outliers: OutlierDetector;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}

/** What is derived from a subset once, and again only when an ejection begins or ends. */
interface View {
  readonly version: number;
  readonly zone: string | undefined;
  readonly ejected: ReadonlySet<Endpoint>;
  /** Usable and not ejected. */
  readonly candidates: readonly Endpoint[];
  /** The candidates that the policy chooses from; a part of them where zones count. */
  readonly near: readonly Endpoint[];
  readonly next: () => Endpoint | undefined;
  /** Built when an application's own choice is asked for. */
  byKey: ReadonlyMap<string, Endpoint> | undefined;
}

/** A picker over immutable subsets: their tables are kept as long as the subsets themselves. O(1) a pick. */
export function createPicker(options: PickerOptions): Picker {
  const views = new WeakMap<Subset, View>();

  function viewOf(subset: Subset): View {
    const version = options.outliers.version();
    const zone = options.zone();
    const known = views.get(subset);
    if (known !== undefined && known.version === version && known.zone === zone) return known;
    const view = buildView(subset, { version, zone }, options);
    views.set(subset, view);
    return view;
  }

  return {
    pick(subset, query) {
      const view = viewOf(subset);
      if (query.preferred !== undefined) {
        const kept = findPreferred(view, query.preferred, query.tried);
        if (kept !== undefined) return kept;
      }
      if (query.tried !== undefined && query.tried.size > 0)
        return pickUntried(view, query.tried, options.random);
      return view.next();
    },
    dropped: (subset, query) => listDropped(subset, viewOf(subset), query),
  };
}

function buildView(
  subset: Subset,
  { version, zone }: Pick<View, 'version' | 'zone'>,
  options: PickerOptions,
): View {
  const { policy, zoneAware } = options.balancing();
  const ejected = ejectedOf(subset, options.outliers);
  const candidates =
    ejected.size === 0 ? subset.usable : subset.usable.filter((endpoint) => !ejected.has(endpoint));
  const near = preferZone(subset, candidates, zoneAware ? zone : undefined);
  const next = nextOf(subset, near, policy, options);
  return { version, zone, ejected, candidates, near, next, byKey: undefined };
}

function nextOf(
  subset: Subset,
  near: readonly Endpoint[],
  policy: Balancing['policy'],
  options: PickerOptions,
): View['next'] {
  if (subset.affinity === 'client-ip') {
    const kept = stickyEndpoint(near, options.clientAddress);
    return () => kept;
  }
  return policy === 'round-robin' ? roundRobin(near, options.random) : leastRequest(near, options);
}

function roundRobin(endpoints: readonly Endpoint[], random: () => number): () => Endpoint | undefined {
  const round = smoothRound(endpoints);
  // A random start: sidecars that learn of a service together do not all begin at the same endpoint.
  let at = Math.floor(random() * round.length);
  return () => {
    const endpoint = round[at];
    at = at + 1 < round.length ? at + 1 : 0;
    return endpoint;
  };
}

/**
 * The power of two choices: one endpoint drawn by weight; where it is busy, another challenges it and wins if it would have
 * fewer requests in flight for its weight. At rest the weights alone decide.
 */
function leastRequest(
  endpoints: readonly Endpoint[],
  { loads, random }: Pick<PickerOptions, 'loads' | 'random'>,
): () => Endpoint | undefined {
  const count = endpoints.length;
  if (count <= 1) return () => endpoints[0];
  const table = createWeightedTable(endpoints);
  return () => {
    const drawn = table.draw(random);
    const first = endpoints[drawn];
    if (first === undefined) return undefined;
    const load = loads.of(first.key);
    if (load === 0) return first;
    const other = endpoints[(drawn + 1 + Math.floor(random() * (count - 1))) % count];
    if (other === undefined) return first;
    return (loads.of(other.key) + 1) * first.weight < (load + 1) * other.weight ? other : first;
  };
}

function findPreferred(
  view: View,
  preferred: Endpoint,
  tried: ReadonlySet<string> | undefined,
): Endpoint | undefined {
  if (tried?.has(preferred.key) === true) return undefined;
  view.byKey ??= new Map(view.candidates.map((endpoint) => [endpoint.key, endpoint]));
  return view.byKey.get(preferred.key);
}

/** For a retry: draws by weight among what is left, near ones first. */
function pickUntried(view: View, tried: ReadonlySet<string>, random: () => number): Endpoint | undefined {
  const near = view.near.filter((endpoint) => !tried.has(endpoint.key));
  const left = near.length > 0 ? near : view.candidates.filter((endpoint) => !tried.has(endpoint.key));
  if (left.length === 0) return undefined;
  return left[createWeightedTable(left).draw(random)];
}

function listDropped(subset: Subset, view: View, { tried }: PickQuery): readonly Dropped[] {
  if (view.ejected.size === 0 && (tried === undefined || tried.size === 0)) return subset.unusable;
  const dropped = [...subset.unusable];
  for (const endpoint of subset.usable) {
    // What this request itself has met tells more of it than what the failure led to.
    if (tried?.has(endpoint.key) === true) dropped.push({ endpoint: endpoint.key, reason: 'already-tried' });
    else if (view.ejected.has(endpoint)) dropped.push({ endpoint: endpoint.key, reason: 'ejected' });
  }
  return dropped;
}
