import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { Workload } from '../workload.ts';
import { createOtlpPost, tracesUrl } from './otlp-post.ts';
import { createRecordingTracer } from './recording-tracer.ts';
import { SpanExporter, type SpanExporterOptions } from './span-exporter.ts';
import { createSpans, type Spans } from './spans.ts';

export interface OtlpSpansOptions {
  /** `http://collector:4318`, or with the path. */
  readonly endpoint: string;
  readonly workload: Workload;
  readonly metrics: Metrics;
  /** Share of the traces that begin here which are recorded; default 1, as OpenTelemetry's `parentbased_always_on`. */
  readonly rootRatio?: number;
  readonly random?: () => number;
  readonly exporter?: Pick<SpanExporterOptions, 'maxQueue' | 'maxBatch' | 'delayMs' | 'backoff'>;
}

export interface OtlpSpans {
  readonly spans: Spans;
  /** Sends what waits, once. */
  close(): Promise<void>;
}

/** Spans that go to a collector. Load this file by a dynamic import, and only when there is one. */
export function createOtlpSpans(options: OtlpSpansOptions): OtlpSpans {
  const { workload, metrics, rootRatio = 1, random = Math.random } = options;
  const exporter = new SpanExporter({
    post: createOtlpPost(tracesUrl(options.endpoint)),
    resource: resourceOf(workload),
    metrics,
    ...options.exporter,
  });
  const tracer = createRecordingTracer({ rootRatio, random, onEnd: (span) => exporter.add(span) });
  return { spans: createSpans(tracer), close: () => exporter.close() };
}

/** The sidecar reports under its workload's name: its spans belong to that service's part of the trace. */
function resourceOf(workload: Workload): Record<string, string> {
  return {
    'service.name': workload.app === '' ? 'lanekeeper-gateway' : workload.app,
    'service.namespace': workload.namespace,
    'service.instance.id': workload.pod,
    'telemetry.distro.name': 'lanekeeper',
    'lanekeeper.workload.lane': workload.lane,
  };
}
