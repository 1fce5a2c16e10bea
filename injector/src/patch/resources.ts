import { readQuantity, type ContainerLimits, type Quantities } from '../decision/container-limits.ts';
import { isAbsent, isObject, objectAt } from '../pod/json.ts';
import type { Container, PodView } from '../pod/pod.ts';
import type { Resources } from './template.ts';

/** What a container that is added may state, so that the pod is not refused for our sake. */
export interface ResourceBounds {
  /** The pod shares out what it states for itself as a whole (`spec.resources`): its containers must fit into that. */
  readonly isPodLevel: boolean;
  /** Resources that every container of the pod has a limit, or a request, of: a quota may ask for that. */
  readonly stated: { readonly limits: ReadonlySet<string>; readonly requests: ReadonlySet<string> };
  readonly limits: readonly ContainerLimits[];
}

/** Where a limit has to be stated and none is configured. One CPU is far above what a sidecar takes without being busy all day. */
const DEFAULT_LIMITS: Quantities = { cpu: '1', 'ephemeral-storage': '1Gi' };
/** The file system is read-only; what counts are the lines of the log. */
const DEFAULT_REQUESTS: Quantities = { 'ephemeral-storage': '16Mi' };

export function boundsOf(pod: PodView, limits: readonly ContainerLimits[]): ResourceBounds {
  const podLevel = objectAt(pod.spec['resources'], 'spec.resources');
  return {
    isPodLevel: ['requests', 'limits'].some((key) => isObject(podLevel[key])),
    stated: {
      limits: statedByAll(pod.containers, 'limits'),
      requests: statedByAll(pod.containers, 'requests'),
    },
    limits,
  };
}

/** As a container states them, within the bounds. */
export function resourcesOf(wanted: Resources, bounds: ResourceBounds): object {
  if (bounds.isPodLevel) return {};
  const stated = {
    requests: {
      cpu: wanted.cpuRequest,
      memory: wanted.memoryRequest,
      ...pick(DEFAULT_REQUESTS, bounds.stated.requests),
    },
    limits: {
      ...pick(DEFAULT_LIMITS, bounds.stated.limits),
      ...(wanted.cpuLimit === undefined ? {} : { cpu: wanted.cpuLimit }),
      ...(wanted.memoryLimit === undefined ? {} : { memory: wanted.memoryLimit }),
    },
  };
  const fitted = bounds.limits.reduce(fit, stated);
  return {
    requests: fitted.requests,
    ...(Object.keys(fitted.limits).length === 0 ? {} : { limits: fitted.limits }),
  };
}

interface Stated {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

/** The admission plugin LimitRanger has filled the application's containers in before us, and checks ours after us. */
function fit(stated: Stated, range: ContainerLimits): Stated {
  const requests: Record<string, string> = { ...stated.requests };
  const limits: Record<string, string> = { ...stated.limits };
  const names = [range.min, range.max, range.default, range.maxLimitRequestRatio].flatMap(Object.keys);
  for (const name of new Set([...names, ...Object.keys(requests)])) {
    const request = smaller(larger(requests[name], range.min[name]), range.max[name]);
    if (request !== undefined) requests[name] = request;
    // Where we state none, the range gives us its own, which may be below our request; a ratio is of a limit.
    const own = limits[name] ?? range.default[name];
    const least = own === undefined && range.maxLimitRequestRatio[name] === undefined ? undefined : request;
    const limit = smaller(larger(own, least), range.max[name]);
    if (limit !== undefined) limits[name] = larger(limit, range.min[name]) ?? limit;
    const needed = withinRatio(limits[name], range.maxLimitRequestRatio[name]);
    const raised = smaller(larger(requests[name], needed), limits[name]);
    if (raised !== undefined) requests[name] = raised;
  }
  return { requests, limits };
}

const HAIR = 1e-6;

/** The least request that a limit allows under a ratio; in whole units or thousandths, rounded up. */
function withinRatio(limit: string | undefined, ratio: string | undefined): string | undefined {
  const [most, factor] = [numberOf(limit), numberOf(ratio)];
  if (most === undefined || factor === undefined || factor <= 0) return undefined;
  const least = most / factor;
  // A hair less, so that what binary fractions add does not make it one more.
  return least < 1000 ? `${Math.ceil(least * 1000 - HAIR)}m` : String(Math.ceil(least - HAIR));
}

function larger(a: string | undefined, b: string | undefined): string | undefined {
  return pickBy(a, b, (x, y) => x >= y);
}

function smaller(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined ? undefined : pickBy(a, b, (x, y) => x <= y);
}

function pickBy(
  a: string | undefined,
  b: string | undefined,
  prefersFirst: (a: number, b: number) => boolean,
): string | undefined {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return x === undefined ? (b ?? a) : a;
  return prefersFirst(x, y) ? a : b;
}

function numberOf(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : readQuantity(quantity);
}

function pick(quantities: Quantities, names: ReadonlySet<string>): Quantities {
  return Object.fromEntries(Object.entries(quantities).filter(([name]) => names.has(name)));
}

function statedByAll(containers: readonly Container[], kind: 'limits' | 'requests'): ReadonlySet<string> {
  const names = containers.map(({ raw }) => {
    const resources = isObject(raw['resources']) ? raw['resources'] : {};
    const stated = isObject(resources[kind]) ? resources[kind] : {};
    return new Set(Object.keys(stated).filter((name) => !isAbsent(stated[name])));
  });
  return names.reduce((common, each) => new Set([...common].filter((name) => each.has(name))));
}
