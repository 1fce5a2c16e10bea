import type { Attributes, AnyValue } from '@opentelemetry/api';
import type { FinishedSpan } from './recording-tracer.ts';

/** Attributes of the process that all its spans share: `service.name` and the like. */
export type Resource = Readonly<Record<string, string>>;

/** The body of an OTLP/HTTP request (opentelemetry-proto, `ExportTraceServiceRequest` in its JSON mapping). */
export function encodeSpans(spans: readonly FinishedSpan[], resource: Resource): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: 'lanekeeper' }, spans: spans.map(encodeSpan) }],
      },
    ],
  });
}

function encodeSpan(span: FinishedSpan): object {
  const { context } = span;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    ...(context.traceState === undefined ? {} : { traceState: context.traceState.serialize() }),
    name: span.name,
    // The proto counts from SPAN_KIND_UNSPECIFIED, the API from INTERNAL.
    kind: span.kind + 1,
    startTimeUnixNano: toNanos(span.startMs),
    endTimeUnixNano: toNanos(span.endMs),
    attributes: encodeAttributes(Object.assign({}, ...span.attributes) as Attributes),
    status: span.status,
    flags: context.traceFlags,
  };
}

/** Microseconds are exact in a double until the year 2255; nanoseconds are not. */
function toNanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: encodeValue(value) }],
  );
}

function encodeValue(value: AnyValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { stringValue: JSON.stringify(value) };
}
