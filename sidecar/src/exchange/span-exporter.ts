import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Counter, Metrics } from '@lanekeeper/runtime/metrics';
import { encodeSpans, type Resource } from './otlp-json.ts';
import type { FinishedSpan } from './recording-tracer.ts';

/** Sends one body. Resolves to the collector's answer, rejects when there was none. */
export type PostSpans = (
  body: string,
) => Promise<{ readonly status: number; readonly retryAfterMs?: number }>;

export interface SpanExporterOptions {
  readonly post: PostSpans;
  readonly resource: Resource;
  readonly metrics: Metrics;
  /** Spans that wait at most; more are dropped and counted. Default 2,048, some 2 MB. */
  readonly maxQueue?: number;
  /** Spans in one request at most; as many send it at once. Default 512, as the OpenTelemetry SDKs have it. */
  readonly maxBatch?: number;
  /** How long a span waits for company. Default 2 s. */
  readonly delayMs?: number;
  /** Default: from 1 s to 30 s with full jitter. */
  readonly backoff?: (attempt: number) => number;
}

const MAX_TRIES = 5;

/** Batches spans and sends one batch at a time. Memory is bounded whatever the collector does, and every lost span is counted. */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #counters: ExportCounters;
  readonly #maxBatch: number;
  #queue: FinishedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosing = false;
  /** Ends the present wait between two tries. */
  #wake: (() => void) | undefined;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? 512;
    this.#counters = declareCounters(options.metrics);
  }

  /** Never throws, never waits. */
  add(span: FinishedSpan): void {
    if (this.#isClosing || this.#queue.length >= (this.#options.maxQueue ?? 2048)) {
      this.#counters.queueFull.inc();
      return;
    }
    this.#queue.push(span);
    if (this.#sending !== undefined) return;
    if (this.#queue.length >= this.#maxBatch) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), this.#options.delayMs ?? 2000).unref();
  }

  /** Sends what waits, once each, and takes nothing more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake?.();
    this.#send();
    await this.#sending;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#maxBatch);
      (await this.#deliver(batch)).inc(batch.length);
    }
  }

  /** Tries until the batch is taken, refused for good, or tried often enough; returns what to count it as. */
  async #deliver(batch: readonly FinishedSpan[]): Promise<Counter> {
    const body = encodeSpans(batch, this.#options.resource);
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#options.post(body).catch(() => undefined);
      if (answer !== undefined && answer.status < 300) return this.#counters.exported;
      if (answer !== undefined && !isRetryable(answer.status)) return this.#counters.refused;
      if (this.#isClosing || attempt + 1 >= MAX_TRIES) return this.#counters.unreachable;
      await this.#wait(answer?.retryAfterMs ?? this.#backoff(attempt));
    }
  }

  #backoff(attempt: number): number {
    const { backoff } = this.#options;
    return backoff === undefined ? backoffMs(attempt, { baseMs: 1000, maxMs: 30_000 }) : backoff(attempt);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** OTLP/HTTP, section "Retryable response codes". */
function isRetryable(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

interface ExportCounters {
  readonly exported: Counter;
  readonly queueFull: Counter;
  readonly refused: Counter;
  readonly unreachable: Counter;
}

function declareCounters(metrics: Metrics): ExportCounters {
  const dropped = metrics.counter({
    name: 'lanekeeper_spans_dropped_total',
    help: 'Spans that never reached the collector, and why.',
    labels: ['reason'],
  });
  const exported = metrics.counter({
    name: 'lanekeeper_spans_exported_total',
    help: 'Spans that the collector took.',
  });
  return {
    exported: exported.with(),
    queueFull: dropped.with('queue-full'),
    refused: dropped.with('refused'),
    unreachable: dropped.with('unreachable'),
  };
}
