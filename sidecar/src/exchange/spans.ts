import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import type { HeaderEdit, RequestHead } from '../wire/head.ts';
import type { HopRecord } from './hop-record.ts';

/** Makes a span of each request that is sampled. Import this file only when spans are on: it loads OpenTelemetry. */
export interface Spans {
  /** Undefined: the caller has decided that this trace is not recorded, so its headers pass untouched. */
  start(head: RequestHead, record: HopRecord): RequestSpan | undefined;
}

export interface RequestSpan {
  readonly traceId: string;
  /** The trace begins here: the request carried none. */
  readonly isRoot: boolean;
  /** Make this span the parent of what comes next. */
  readonly edits: readonly HeaderEdit[];
  end(record: HopRecord): void;
}

/** `tracer`: any OpenTelemetry tracer; it decides on sampling. */
export function createSpans(tracer: Pick<Tracer, 'startSpan'>): Spans {
  return {
    start(head, record) {
      const parent = readParent(head);
      if (parent !== undefined && !isSampled(parent)) return undefined;
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const span = startSpan(tracer, record, context);
      if (!isSampled(span.spanContext())) return undefined;
      return new ExchangeSpan(span, parent === undefined);
    },
  };
}

class ExchangeSpan implements RequestSpan {
  readonly isRoot: boolean;
  readonly edits: readonly HeaderEdit[];
  readonly #span: Span;

  constructor(span: Span, isRoot: boolean) {
    this.#span = span;
    this.isRoot = isRoot;
    const parent: HeaderEdit = { name: 'traceparent', value: formatTraceParent(span.spanContext()) };
    // A trace that begins here has no state of other vendors (W3C Trace Context, section 3.3.1).
    this.edits = isRoot ? [parent, { name: 'tracestate', value: null }] : [parent];
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  end(record: HopRecord): void {
    const span = this.#span;
    span.setAttributes(endAttributes(record));
    if (record.error !== null || record.status >= 500) {
      span.setStatus({
        code: SpanStatusCode.ERROR,
        ...(record.error === null ? {} : { message: record.error }),
      });
    }
    span.end(record.startedAtMs + record.durationMs);
  }
}

function startSpan(tracer: Pick<Tracer, 'startSpan'>, record: HopRecord, context: Context): Span {
  const kind = record.direction === 'outbound' ? SpanKind.CLIENT : SpanKind.SERVER;
  const attributes: Attributes = {
    'http.request.method': record.method,
    'server.address': record.authority,
    'url.path': pathOnly(record.path),
    'network.protocol.version': record.protocol === 'h2' ? '2' : record.protocol.slice('http/'.length),
    'lanekeeper.direction': record.direction,
  };
  return tracer.startSpan(
    `${record.direction} ${record.method}`,
    { kind, startTime: record.startedAtMs, attributes },
    context,
  );
}

/** Names follow semantic-conventions for HTTP; ours are under `lanekeeper.`. The decision is the last one, retries included. */
function endAttributes(record: HopRecord): Attributes {
  const { decision } = record;
  const attributes: Attributes = {
    'http.response.status_code': record.status,
    'lanekeeper.lane': decision.evidence.lane,
    'lanekeeper.decision.evidence': decision.evidence.rung,
    'lanekeeper.generation': decision.generation,
  };
  const { servicePort, endpoint, fallback } = decision;
  if (servicePort !== undefined) attributes['lanekeeper.service'] = servicePort.service.id;
  if (endpoint !== undefined) {
    attributes['network.peer.address'] = endpoint.address;
    attributes['network.peer.port'] = endpoint.port;
    attributes['lanekeeper.served_by'] = endpoint.lane;
  }
  if (fallback !== undefined) {
    attributes['lanekeeper.fallback.target'] = fallback.to;
    attributes['lanekeeper.fallback.reason'] = fallback.reason;
  }
  if (record.attempt > 1) attributes['http.request.resend_count'] = record.attempt - 1;
  if (record.grpcStatus !== undefined) attributes['rpc.grpc.status_code'] = record.grpcStatus;
  if (record.error !== null) attributes['error.type'] = record.error;
  return attributes;
}

/** Undefined when there is no valid `traceparent`: a new trace begins then (W3C Trace Context, section 3.2.2). */
function readParent(head: RequestHead): SpanContext | undefined {
  const header = head.headers.get('traceparent');
  const parent = header === undefined ? null : parseTraceParent(header);
  if (parent === null) return undefined;
  const state = head.headers.get('tracestate');
  const traceState = state === undefined ? {} : { traceState: new TraceState(state) };
  return { ...parent, ...traceState, isRemote: true };
}

function isSampled(context: SpanContext): boolean {
  return (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Queries may hold secrets; the path alone names what was asked for. */
function pathOnly(path: string): string {
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
