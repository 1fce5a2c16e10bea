import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { Rung } from '@lanekeeper/protocol/reasons';
import type { Counter, Histogram, MetricFamily } from '@lanekeeper/runtime/metrics';
import type { Decision } from '../route/decision.ts';
import { statusLabel } from './status-label.ts';

/** Label values of requests that have none of their own. */
export const NO_SERVICE = 'passthrough';
export const NOBODY = 'none';
export const UNKNOWN_LANE = 'unknown';

/** Look-ups of label sets beyond this many start anew: configurations that come and go must not pile up. */
const MAX_SERIES = 10_000;

export interface RequestFamilies {
  readonly requests: MetricFamily<Counter>;
  readonly duration: MetricFamily<Histogram>;
}

interface Series {
  readonly labels: readonly [Direction, string, string, Rung, string];
  readonly byCode: Map<number, Counter>;
  readonly duration: Histogram;
}

type Tree = Map<string, Map<string, Map<string, Map<string, Map<string, Series>>>>>;

/** Finds the counter and the histogram of a request by walking maps, one a label: no key is put together on the hot path. */
export class RequestSeries {
  readonly #families: RequestFamilies;
  #tree: Tree = new Map();
  #size = 0;

  constructor(families: RequestFamilies) {
    this.#families = families;
  }

  /** `lane` is bounded by the caller. */
  count(direction: Direction, decision: Decision, lane: string, status: number): Series {
    const series = this.#find(direction, decision, lane);
    const counter = series.byCode.get(status) ?? this.#bind(series, status);
    counter.inc();
    return series;
  }

  #find(direction: Direction, decision: Decision, lane: string): Series {
    const service = serviceLabel(decision);
    const { rung } = decision.evidence;
    const servedBy = servedByLabel(decision);
    const found = this.#tree.get(direction)?.get(service)?.get(lane)?.get(rung)?.get(servedBy);
    if (found !== undefined) return found;
    if (++this.#size > MAX_SERIES) {
      this.#tree = new Map();
      this.#size = 1;
    }
    const series: Series = {
      labels: [direction, service, lane, rung, servedBy],
      byCode: new Map(),
      duration: this.#families.duration.with(direction, service, lane),
    };
    branch(branch(branch(branch(this.#tree, direction), service), lane), rung).set(servedBy, series);
    return series;
  }

  #bind(series: Series, status: number): Counter {
    const counter = this.#families.requests.with(...series.labels, statusLabel(status));
    if (series.byCode.size < 600) series.byCode.set(status, counter);
    return counter;
  }
}

function branch<Value>(tree: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let next = tree.get(key);
  if (next === undefined) {
    next = new Map();
    tree.set(key, next);
  }
  return next;
}

export function serviceLabel(decision: Decision): string {
  return decision.servicePort?.service.id ?? NO_SERVICE;
}

/** The lane of the endpoint that the request went to. */
export function servedByLabel(decision: Decision): string {
  if (decision.target === undefined) return NOBODY;
  if (decision.endpoint !== undefined) return decision.endpoint.lane;
  return decision.servicePort === undefined ? NO_SERVICE : (decision.subset ?? BASELINE);
}
