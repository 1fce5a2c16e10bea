import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { MeshSource } from './mesh-source.ts';

/** What `/status` says in sentences, as numbers that an alert can watch. */
export function registerMeshMetrics(metrics: Metrics, mesh: Pick<MeshSource, 'problems' | 'findings'>): void {
  const gauge = (name: string, help: string) => metrics.gauge({ name, help }).with();
  const problems = gauge(
    'lanekeeper_mesh_problems',
    'Reasons why what this replica serves may be old or incomplete; /status has them.',
  );
  const findings = gauge(
    'lanekeeper_mesh_findings',
    'Things of the sources that cannot be taken as they are; /status has them.',
  );
  metrics.onCollect(() => {
    problems.set(mesh.problems().length);
    findings.set(mesh.findings().length);
  });
}
