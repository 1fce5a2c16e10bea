import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import { createDraining } from './draining/create-draining.ts';
import type { Presence } from './publish/presence.ts';
import { createRegistrations } from './registration/create-registrations.ts';
import type { MeshSource } from './source/mesh-source.ts';

export interface WorkloadsDeps {
  readonly source: MeshSource;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What is done about workloads, beside telling sidecars of them: who drains is dropped, who asks for it is registered in Nacos. */
export interface Workloads {
  /** With their problems (what stands in Nacos may be old) and findings (pods that cannot be registered as they ask). */
  readonly source: MeshSource;
  readonly presence: Presence;
  /** Not before the sources have been read. */
  start(): void;
  close(): Promise<void>;
}

/** Rejects where a file of a registry cannot be read. */
export async function createWorkloads({ source, log, metrics }: WorkloadsDeps): Promise<Workloads> {
  const draining = await createDraining({ ...source, log });
  const registrations = await createRegistrations({ ...source, draining: draining.pods, log, metrics });
  return {
    source: {
      ...source,
      problems: () => [...source.problems(), ...registrations.problems()],
      findings: () => [...source.findings(), ...registrations.findings()],
    },
    presence: draining.presence,
    start: () => draining.start(),
    close() {
      draining.close();
      return registrations.close();
    },
  };
}
