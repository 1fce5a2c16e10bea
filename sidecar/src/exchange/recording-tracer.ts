import {
  INVALID_SPAN_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type AnyValue,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
} from '@opentelemetry/api';
import { randomId } from './random-id.ts';

/** A span that is over, as an exporter gets it. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentSpanId: string | undefined;
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  /** Later ones win; put together only when the span is sent. */
  readonly attributes: readonly Attributes[];
  readonly status: SpanStatus;
}

export interface RecordingTracerOptions {
  /** Share of the traces that begin here which are recorded, 0 to 1; a trace that comes in carries its own decision. */
  readonly rootRatio: number;
  readonly random: () => number;
  readonly onEnd: (span: FinishedSpan) => void;
}

/** Parent-based sampling and no more: the part of OpenTelemetry's SDK that a proxy needs (see docs/adr on spans). */
export function createRecordingTracer(options: RecordingTracerOptions): Pick<Tracer, 'startSpan'> {
  return {
    startSpan(name, spanOptions = {}, context) {
      const parent = context === undefined ? undefined : parentOf(context);
      const isSampled =
        parent === undefined
          ? options.random() < options.rootRatio
          : (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
      if (!isSampled) return trace.wrapSpanContext(parent ?? INVALID_SPAN_CONTEXT);
      return new RecordingSpan(name, spanOptions, parent, options.onEnd);
    },
  };
}

function parentOf(context: Context): SpanContext | undefined {
  return trace.getSpanContext(context);
}

class RecordingSpan implements Span {
  readonly #context: SpanContext;
  readonly #parentSpanId: string | undefined;
  readonly #kind: SpanKind;
  readonly #startMs: number;
  readonly #attributes: Attributes[];
  readonly #onEnd: (span: FinishedSpan) => void;
  #name: string;
  #status: SpanStatus = { code: SpanStatusCode.UNSET };
  #isOver = false;

  constructor(
    name: string,
    { kind = SpanKind.INTERNAL, startTime, attributes = {} }: SpanOptions,
    parent: SpanContext | undefined,
    onEnd: (span: FinishedSpan) => void,
  ) {
    this.#name = name;
    this.#kind = kind;
    this.#startMs = toMs(startTime);
    this.#attributes = [attributes];
    this.#parentSpanId = parent?.spanId;
    this.#onEnd = onEnd;
    const traceState = parent?.traceState === undefined ? {} : { traceState: parent.traceState };
    this.#context = {
      traceId: parent?.traceId ?? randomId(16),
      spanId: randomId(8),
      traceFlags: (parent?.traceFlags ?? 0) | TraceFlags.SAMPLED,
      ...traceState,
    };
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(key: string, value: AnyValue): this {
    this.#attributes.push({ [key]: value });
    return this;
  }

  setAttributes(attributes: Attributes): this {
    this.#attributes.push(attributes);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.#status = status;
    return this;
  }

  updateName(name: string): this {
    this.#name = name;
    return this;
  }

  end(endTime?: TimeInput): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd({
      name: this.#name,
      kind: this.#kind,
      context: this.#context,
      parentSpanId: this.#parentSpanId,
      startMs: this.#startMs,
      endMs: toMs(endTime),
      attributes: this.#attributes,
      status: this.#status,
    });
  }

  isRecording(): boolean {
    return !this.#isOver;
  }

  /** A proxy's span has no events and no links. */
  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  recordException(): void {
    this.#status = { code: SpanStatusCode.ERROR };
  }
}

function toMs(time: TimeInput | undefined): number {
  if (typeof time === 'number') return time;
  if (time instanceof Date) return time.getTime();
  if (Array.isArray(time)) return time[0] * 1000 + time[1] / 1e6;
  return Date.now();
}
