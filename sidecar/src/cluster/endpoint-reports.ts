import type { EndpointReports } from '../exchange/request-exchange.ts';
import type { EndpointLoads } from './endpoint-loads.ts';
import type { OutlierDetector } from './outlier.ts';

/** Hands what exchanges tell of endpoints to those who choose them. */
export function createEndpointReports(loads: EndpointLoads, outliers: OutlierDetector): EndpointReports {
  return {
    started: (key) => loads.started(key),
    finished: (key) => loads.finished(key),
    succeeded: (key) => outliers.succeeded(key),
    failed: (key, code) => outliers.failed(key, code),
  };
}
