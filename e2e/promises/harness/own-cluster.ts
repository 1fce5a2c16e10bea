import { restartComponent } from '../../cluster/processes.ts';
import { kubectl } from './kubectl.ts';
import { eventually } from './eventually.ts';

/** Restarts the API server of a cluster that the harness has made; undefined where it is somebody else's. */
export function apiServerRestart(): (() => Promise<void>) | undefined {
  const { LANEKEEPER_E2E_CLUSTER: kind, LANEKEEPER_E2E_CLUSTER_NAME: name = '' } = process.env;
  if (kind !== 'build') return undefined;
  return async () => {
    await restartComponent(name, 'apiserver');
    await eventually(() => kubectl(['get', '--raw=/readyz']));
  };
}
