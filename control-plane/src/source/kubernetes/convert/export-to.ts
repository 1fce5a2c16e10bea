import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import { isLaneName as isDnsLabel } from '@lanekeeper/protocol/lane-name';
import type { ExportTo } from '../../../catalog/source-service.ts';
import type { KubeMeta } from '../objects.ts';
import type { ClusterView } from './cluster-view.ts';
import type { ConversionProblem } from './problem.ts';

export interface Visibility {
  readonly exportTo: ExportTo;
  readonly problem?: ConversionProblem;
}

/** Who may see a Service: as it says itself, else as its namespace says, else everybody. */
export function visibilityOf(service: KubeMeta, view: ClusterView): Visibility {
  const { namespace, name } = service;
  const own = service.annotations[ANNOTATIONS.exportTo];
  if (own !== undefined) return read(own, namespace, `Service ${namespace}/${name}`);
  const general = view.namespace(namespace)?.meta.annotations[ANNOTATIONS.exportTo];
  return general === undefined ? { exportTo: '*' } : read(general, namespace, `Namespace ${namespace}`);
}

/** What cannot be read hides the Service: to show what was to be hidden would be worse than the reverse. */
function read(value: string, namespace: string, object: string): Visibility {
  const parts = value.split(',').map((part) => part.trim());
  if (parts.length === 1 && parts[0] === '*') return { exportTo: '*' };
  // Names of namespaces follow the rule of lane names.
  if (parts.every((part) => part === '.' || isDnsLabel(part))) {
    return { exportTo: new Set([namespace, ...parts.filter((part) => part !== '.')]) };
  }
  const message = `${ANNOTATIONS.exportTo}=${JSON.stringify(value)}: expected "*", "." or namespaces separated by commas; only its own namespace sees it now`;
  return { exportTo: new Set([namespace]), problem: { code: 'bad-export-to', object, message } };
}
