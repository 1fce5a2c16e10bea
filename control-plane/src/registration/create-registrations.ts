import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { DrainingPods } from '../draining/draining-pods.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import type { NacosRegistry } from '../source/nacos/registry.ts';
import type { PodRegistrations } from './pod-registrations.ts';

export interface RegistrationsDeps {
  /** Undefined: there is no API server. */
  readonly cluster: ClusterAccess | undefined;
  readonly draining: DrainingPods | undefined;
  /** Empty: there is no Nacos. */
  readonly registries: readonly NacosRegistry[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Where there are neither pods nor a Nacos. */
const NOTHING: PodRegistrations = {
  problems: () => [],
  findings: () => [],
  close: () => Promise.resolve(),
};

/** What it needs is loaded where there are both only. Rejects where a registry's file cannot be read. */
export async function createRegistrations(deps: RegistrationsDeps): Promise<PodRegistrations> {
  const { cluster, draining, registries, log, metrics } = deps;
  if (cluster === undefined || draining === undefined || registries.length === 0) return NOTHING;
  const { openRegistrations } = await import('./open-registrations.ts');
  return openRegistrations({ draining, registries, log, metrics }, cluster);
}
