import type { StatusPage, StatusPages } from '@lanekeeper/runtime/status-server';
import type { Finding } from './finding.ts';
import type { Prober } from './prober.ts';

/** The kubelet's probes of the application as pages of the status port. */
export function probePages({ paths, ask }: Prober): StatusPages {
  return { paths, ask: (path) => ask(path)?.then(toPage) };
}

function toPage({ isHealthy, sentence }: Finding): StatusPage {
  return { status: isHealthy ? 200 : 503, text: `${sentence}\n` };
}
