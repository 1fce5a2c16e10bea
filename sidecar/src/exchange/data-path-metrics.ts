import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { Counter, Gauge, Metrics, MetricFamily } from '@lanekeeper/runtime/metrics';
import type { ProxyErrorCode } from '../proxy-error.ts';
import type { HopRecord } from './hop-record.ts';
import {
  NO_SERVICE,
  NOBODY,
  RequestSeries,
  servedByLabel,
  serviceLabel,
  UNKNOWN_LANE,
} from './request-series.ts';
import { statusLabel } from './status-label.ts';

/** How a retry came out; label of `lanekeeper_retries_total`. */
export type RetryOutcome = 'retried' | 'attempts-used-up' | 'budget-exhausted' | 'no-other-endpoint';

/** Whether a lane name is configured now; any other one comes from outside and must not become a label. */
export type IsKnownLane = (lane: string) => boolean;

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Everything that the data path counts; docs/metrics.md lists it for people. */
export class DataPathMetrics {
  readonly #isKnownLane: IsKnownLane;
  readonly #series: RequestSeries;
  readonly #connections: Readonly<Record<Direction, Gauge>>;
  readonly #inFlight: Readonly<Record<Direction, Gauge>>;
  readonly #lanes: LaneCounters;
  readonly #requests: MetricFamily<Counter>;
  readonly #streams: MetricFamily<Counter>;
  readonly #retries: MetricFamily<Counter>;
  readonly #errors: MetricFamily<Counter>;

  constructor(metrics: Metrics, isKnownLane: IsKnownLane) {
    this.#isKnownLane = isKnownLane;
    this.#requests = declareRequests(metrics);
    this.#series = new RequestSeries({ requests: this.#requests, duration: declareDuration(metrics) });
    this.#connections = byDirection(
      metrics,
      'lanekeeper_connections',
      'Downstream connections that are open now.',
    );
    this.#inFlight = byDirection(
      metrics,
      'lanekeeper_requests_in_flight',
      'Requests that have begun and not ended.',
    );
    this.#lanes = declareLanes(metrics);
    this.#streams = declareStreams(metrics);
    this.#retries = metrics.counter({
      name: 'lanekeeper_retries_total',
      help: 'Attempts that failed before anything was consumed, by what became of the retry.',
      labels: ['service', 'outcome'],
      open: ['service'],
    });
    this.#errors = metrics.counter({
      name: 'lanekeeper_errors_total',
      help: 'Requests that the proxy itself ended, by stable error code.',
      labels: ['direction', 'error'],
      open: [],
    });
  }

  /** The gauge of open downstream connections; whoever accepts adds 1, and -1 when they close. */
  connections(direction: Direction): Gauge {
    return this.#connections[direction];
  }

  began(direction: Direction): void {
    this.#inFlight[direction].add(1);
  }

  ended(record: HopRecord): void {
    const lane = this.#laneLabel(record.decision.evidence.lane);
    const series = this.#series.count(record.direction, record.decision, lane, record.status);
    series.duration.observe(record.durationMs / 1000);
    this.#afterwards(record, lane);
  }

  streamEnded(record: HopRecord): void {
    const { decision, direction } = record;
    const lane = this.#laneLabel(decision.evidence.lane);
    const servedBy = servedByLabel(decision);
    this.#streams
      .with(direction, serviceLabel(decision), lane, decision.evidence.rung, servedBy, record.error ?? 'ok')
      .inc();
    this.#afterwards(record, lane);
  }

  malformed(direction: Direction, status: number, error: ProxyErrorCode): void {
    this.#requests.with(direction, NO_SERVICE, BASELINE, 'none', NOBODY, statusLabel(status)).inc();
    this.#errors.with(direction, error).inc();
  }

  retry(record: HopRecord, outcome: RetryOutcome): void {
    this.#retries.with(serviceLabel(record.decision), outcome).inc();
  }

  #afterwards(record: HopRecord, lane: string): void {
    const { decision, direction } = record;
    this.#inFlight[direction].add(-1);
    if (record.error !== null) this.#errors.with(direction, record.error).inc();
    if (decision.fallback !== undefined) {
      const { to, reason } = decision.fallback;
      this.#lanes.fallback.with(serviceLabel(decision), lane, to, reason).inc();
    }
    if (decision.evidence.ambiguous) this.#lanes.ambiguous.with(direction, serviceLabel(decision)).inc();
    if (decision.escape !== undefined && decision.escape !== 'relayed')
      this.#lanes.escape.with(decision.escape).inc();
  }

  #laneLabel(lane: string): string {
    return lane === BASELINE || this.#isKnownLane(lane) ? lane : UNKNOWN_LANE;
  }
}

interface LaneCounters {
  readonly fallback: MetricFamily<Counter>;
  readonly ambiguous: MetricFamily<Counter>;
  readonly escape: MetricFamily<Counter>;
}

function declareLanes(metrics: Metrics): LaneCounters {
  return {
    fallback: metrics.counter({
      name: 'lanekeeper_lane_fallback_total',
      help: 'Requests that left their lane at this hop, and why.',
      labels: ['service', 'from', 'to', 'reason'],
      open: ['service', 'from', 'to'],
    }),
    ambiguous: metrics.counter({
      name: 'lanekeeper_lane_ambiguous_total',
      help: 'Requests whose lane could not be told: several were in flight and no id linked them.',
      labels: ['direction', 'service'],
      open: ['service'],
    }),
    escape: metrics.counter({
      name: 'lanekeeper_lane_escape_total',
      help: 'Requests that reached a workload of the wrong lane, by what its sidecar did with them.',
      labels: ['kind'],
      open: [],
    }),
  };
}

function declareRequests(metrics: Metrics): MetricFamily<Counter> {
  return metrics.counter({
    name: 'lanekeeper_requests_total',
    help: 'Requests by lane, by how the lane was known, and by the lane of the endpoint that served them.',
    labels: ['direction', 'service', 'lane', 'evidence', 'served_by', 'code'],
    open: ['service', 'lane', 'served_by'],
    maxSeries: 4000,
  });
}

function declareDuration(metrics: Metrics) {
  return metrics.histogram({
    name: 'lanekeeper_request_duration_seconds',
    help: 'From the head of the request to the end of the response.',
    labels: ['direction', 'service', 'lane'],
    open: ['service', 'lane'],
    buckets: DURATION_BUCKETS,
  });
}

function declareStreams(metrics: Metrics): MetricFamily<Counter> {
  return metrics.counter({
    name: 'lanekeeper_streams_total',
    help: 'Connections that were carried unread (TLS, opaque TCP) and have ended.',
    labels: ['direction', 'service', 'lane', 'evidence', 'served_by', 'result'],
    open: ['service', 'lane', 'served_by'],
  });
}

function byDirection(metrics: Metrics, name: string, help: string): Readonly<Record<Direction, Gauge>> {
  const family = metrics.gauge({ name, help, labels: ['direction'], open: [] });
  return {
    inbound: family.with('inbound'),
    outbound: family.with('outbound'),
    gateway: family.with('gateway'),
  };
}
