import { METRICS_CONTENT_TYPE, type Metrics } from '@lanekeeper/runtime/metrics';
import type { Endpoint } from './endpoint.ts';

export function getMetrics({ metrics }: { readonly metrics: Pick<Metrics, 'expose'> }): Endpoint {
  return () => ({ kind: 'text', contentType: METRICS_CONTENT_TYPE, body: metrics.expose() });
}
