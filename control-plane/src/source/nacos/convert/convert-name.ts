import { DEFAULT_GROUP, type ServiceKey } from '@lanekeeper/nacos/instance';
import { isServiceName } from '@lanekeeper/mesh-file/service-name';

/** How a Nacos service is called in the mesh: as it is, or as Nacos itself writes it together with its group. Undefined: it cannot be. */
export function meshNameOf({ group, name }: ServiceKey): string | undefined {
  const meshName = group === DEFAULT_GROUP ? name : `${group}@@${name}`;
  return isServiceName(meshName) ? meshName : undefined;
}
