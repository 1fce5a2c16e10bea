import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { RetryBudget } from '../cluster/retry-budget.ts';
import { isTraced } from '../lane/trace-ids.ts';
import type { Connection } from '../listen/connection.ts';
import { PROXY_ERRORS, type ProxyError, type ProxyErrorCode } from '../proxy-error.ts';
import type { Decision } from '../route/decision.ts';
import type { HeaderEdit, HeaderReader, RequestHead } from '../wire/head.ts';
import type { AccessLog } from './access-log.ts';
import type { Audit } from './audit.ts';
import { beginTrace } from './begun-trace.ts';
import type { Clock } from './clock.ts';
import type { DataPathMetrics, RetryOutcome } from './data-path-metrics.ts';
import type { EdgeHandling, Exchange, ExchangeResult } from './exchange.ts';
import { MAX_AUTHORITY, MAX_METHOD, MAX_PATH, shorten, type HopRecord } from './hop-record.ts';
import type { HopRing } from './hop-ring.ts';
import type { RequestSpan, Spans } from './spans.ts';

/** Load and health of endpoints, told as a request goes on; `key` as in {@link Decision.endpoint}. */
export interface EndpointReports {
  /** A request was sent to the endpoint; always followed by one `finished`. */
  started(key: string): void;
  finished(key: string): void;
  /** It answered, whatever the status. */
  succeeded(key: string): void;
  failed(key: string, code: ProxyErrorCode): void;
}

export interface ExchangeDeps {
  readonly clock: Clock;
  readonly metrics: DataPathMetrics;
  readonly hops: HopRing;
  readonly accessLog: AccessLog;
  readonly audit: Audit;
  readonly endpoints: EndpointReports;
  readonly retryBudget: RetryBudget;
  /** The id by which the hops of one call chain are joined. */
  readonly traceIdOf: (headers: HeaderReader) => string | null;
  /** The service that a downstream connection comes from, where that is known; for the audit. */
  readonly callerOf?: (connection: Connection) => string | undefined;
  /** Undefined: no spans are made, and nothing is spent on them. */
  readonly spans: Spans | undefined;
  /** Draws which traces that begin at a gateway are sampled. */
  readonly random: () => number;
  /** A trace begins here, at an inbound request of `lane` that carried none: the application may hand its id on. */
  readonly onTraceBegun?: (traceId: string, lane: string) => void;
}

export interface Routing {
  readonly decision: Decision;
  readonly requestEdits: readonly HeaderEdit[];
  readonly responseEdits: readonly HeaderEdit[];
  /** What a gateway's rule wants of the driver. */
  readonly edge?: EdgeHandling | undefined;
}

export interface BeginRequest extends Routing {
  readonly head: RequestHead;
  readonly connection: Connection;
  /** Decides again without the endpoints that failed. */
  readonly redecide: (tried: ReadonlySet<string>) => Routing;
  /** Called once, when the request is over. */
  readonly onEnd?: (() => void) | undefined;
}

export interface OpenStream {
  readonly connection: Connection;
  readonly decision: Decision;
  readonly redecide: (tried: ReadonlySet<string>) => { readonly decision: Decision };
  readonly onEnd?: () => void;
}

/** Makes the exchanges of all directions of one process. */
export interface Exchanges {
  begin(request: BeginRequest): Exchange;
  openStream(stream: OpenStream): Exchange;
  /** For {@link RequestHandler.malformed}. */
  malformed(error: ProxyError, connection: Connection): void;
}

export function createExchanges(deps: ExchangeDeps): Exchanges {
  return {
    begin(request) {
      const { head, connection, decision } = request;
      const record = newRecord(deps, connection, decision, deps.traceIdOf(head.headers));
      record.protocol = head.protocol;
      record.method = shorten(head.method, MAX_METHOD);
      record.authority = shorten(head.authority, MAX_AUTHORITY);
      record.path = shorten(head.path, MAX_PATH);
      deps.retryBudget.request();
      return new RequestExchange(deps, request, record, startSpan(deps, head, record));
    },
    openStream(stream) {
      const { connection, decision } = stream;
      const record = newRecord(deps, connection, decision, null);
      record.protocol = 'tcp';
      record.authority = formatAddress(connection.destination ?? connection.local);
      return new RequestExchange(deps, withoutEdits(stream), record, undefined);
    },
    malformed(error, connection) {
      deps.metrics.malformed(connection.direction, PROXY_ERRORS[error.code].http, error.code);
      deps.accessLog.malformed(error, connection);
    },
  };
}

/** Attempts of one request, the first included. */
const MAX_ATTEMPTS = 3;
const NO_EDITS: readonly HeaderEdit[] = Object.freeze([]);
const NO_TARGET: SocketAddress = Object.freeze({ address: '0.0.0.0', port: 0 });

type Life = Pick<BeginRequest, 'connection' | 'redecide' | 'onEnd'>;
type Carried = Omit<Routing, 'decision'>;

class RequestExchange implements Exchange {
  readonly #deps: ExchangeDeps;
  readonly #life: Life;
  readonly #record: HopRecord;
  readonly #span: RequestSpan | undefined;
  readonly #beganAtMs: number;
  #carried: Carried;
  /** The endpoint that carries the request now; undefined when none does. */
  #endpoint: string | undefined;
  #tried: Set<string> | undefined;
  #phase: 'waiting' | 'responded' | 'ended' = 'waiting';

  constructor(deps: ExchangeDeps, life: Life & Carried, record: HopRecord, span: RequestSpan | undefined) {
    this.#deps = deps;
    this.#life = life;
    this.#record = record;
    this.#span = span;
    this.#beganAtMs = deps.clock.monotonicMs();
    this.#carried = life;
    deps.metrics.began(record.direction);
    this.#occupy();
  }

  get refusal(): ProxyError | undefined {
    return this.#record.decision.refusal;
  }

  get target(): SocketAddress {
    return this.#record.decision.target ?? NO_TARGET;
  }

  get requestEdits(): readonly HeaderEdit[] {
    const { decision, direction } = this.#record;
    // What leaves the mesh passes untouched.
    const isLeaving = decision.servicePort === undefined && direction !== 'inbound';
    const { requestEdits } = this.#carried;
    return this.#span === undefined || isLeaving ? requestEdits : [...requestEdits, ...this.#span.edits];
  }

  get responseEdits(): readonly HeaderEdit[] {
    return this.#carried.responseEdits;
  }

  get edge(): EdgeHandling | undefined {
    return this.#carried.edge;
  }

  retry(error: ProxyError): boolean {
    const failed = this.#endpoint ?? this.#ownApplication();
    if (!error.retryable || this.#phase !== 'waiting' || failed === undefined) return false;
    if (this.#endpoint !== undefined) this.#deps.endpoints.failed(failed, error.code);
    this.#release();
    const outcome = this.#moveOn(failed);
    this.#deps.metrics.retry(this.#record, outcome);
    return outcome === 'retried';
  }

  responded(_status: number): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'responded';
    if (this.#endpoint !== undefined) this.#deps.endpoints.succeeded(this.#endpoint);
  }

  end(result: ExchangeResult): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    const record = this.#record;
    record.status = result.status;
    record.grpcStatus = result.grpcStatus;
    record.error = result.error?.code ?? null;
    record.durationMs = this.#deps.clock.monotonicMs() - this.#beganAtMs;
    if (this.#endpoint !== undefined && result.error !== undefined) {
      this.#deps.endpoints.failed(this.#endpoint, result.error.code);
    }
    this.#release();
    this.#publish(record);
    this.#life.onEnd?.();
  }

  #publish(record: HopRecord): void {
    const { metrics, audit, hops, accessLog, callerOf } = this.#deps;
    const { connection } = this.#life;
    if (record.protocol === 'tcp') metrics.streamEnded(record);
    else metrics.ended(record);
    audit.count(record, callerOf?.(connection));
    hops.add(record);
    accessLog.write(record, connection.peer);
    this.#span?.end(record);
  }

  /** Takes another endpoint. The decision stays as it was when there is none: the hop then tells of the one that failed. */
  #moveOn(failed: string): RetryOutcome {
    const record = this.#record;
    if (record.attempt >= MAX_ATTEMPTS) return 'attempts-used-up';
    this.#tried ??= new Set();
    this.#tried.add(failed);
    const routing = this.#life.redecide(this.#tried);
    const { decision } = routing;
    const isElsewhere = decision.endpoint !== undefined && !this.#tried.has(decision.endpoint.key);
    if (decision.refusal !== undefined || !isElsewhere) return 'no-other-endpoint';
    // Sent on once by this pod for all of its callers: that multiplies nothing.
    if (decision.escape !== 'relayed' && !this.#deps.retryBudget.tryRetry()) return 'budget-exhausted';
    record.decision = decision;
    record.attempt++;
    this.#carried = routing;
    this.#occupy();
    return 'retried';
  }

  /** The key of this pod's application, which may have left the mesh before the last requests for it come. */
  #ownApplication(): string | undefined {
    const { direction, decision } = this.#record;
    const { servicePort, target } = decision;
    if (direction !== 'inbound' || servicePort === undefined || target === undefined) return undefined;
    return formatAddress(target);
  }

  #occupy(): void {
    const { endpoint, refusal } = this.#record.decision;
    if (endpoint === undefined || refusal !== undefined) return;
    this.#endpoint = endpoint.key;
    this.#deps.endpoints.started(endpoint.key);
  }

  #release(): void {
    if (this.#endpoint === undefined) return;
    this.#deps.endpoints.finished(this.#endpoint);
    this.#endpoint = undefined;
  }
}

/** What is the same for requests and streams; the others are filled in by the caller, so that all records have one shape. */
function newRecord(
  deps: ExchangeDeps,
  connection: Connection,
  decision: Decision,
  traceId: string | null,
): HopRecord {
  return {
    seq: 0,
    startedAtMs: deps.clock.wallMs(),
    traceId,
    direction: connection.direction,
    protocol: '',
    method: '',
    authority: '',
    path: '',
    decision,
    attempt: 1,
    status: 0,
    grpcStatus: undefined,
    durationMs: 0,
    error: null,
  };
}

function startSpan(deps: ExchangeDeps, head: RequestHead, record: HopRecord): RequestSpan | undefined {
  const share = record.decision.edge?.listener.traceShare;
  if (share !== undefined && !isTraced(head.headers)) return beginAtEdge(deps, { head, record, share });
  const span = deps.spans?.start(head, record);
  if (span === undefined || !span.isRoot) return span;
  record.traceId ??= span.traceId;
  if (record.direction === 'inbound') deps.onTraceBegun?.(span.traceId, record.decision.evidence.lane);
  return span;
}

interface Untraced {
  readonly head: RequestHead;
  readonly record: HopRecord;
  readonly share: number;
}

/** Whether a trace is sampled is decided once, where it begins, with a collector here or without. */
function beginAtEdge(deps: ExchangeDeps, { head, record, share }: Untraced): RequestSpan {
  const isSampled = deps.random() < share;
  const span = (isSampled ? deps.spans?.start(head, record) : undefined) ?? beginTrace(isSampled);
  // The next hop reads it before any id of the request.
  record.traceId = span.traceId;
  return span;
}

function withoutEdits({ connection, redecide, onEnd }: OpenStream): Life & Carried {
  return {
    connection,
    requestEdits: NO_EDITS,
    responseEdits: NO_EDITS,
    redecide: (tried) => ({
      decision: redecide(tried).decision,
      requestEdits: NO_EDITS,
      responseEdits: NO_EDITS,
    }),
    ...(onEnd === undefined ? {} : { onEnd }),
  };
}
