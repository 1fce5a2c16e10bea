import type { Resources } from './template.ts';

/** As a container states them. A quota on limits is met by every container that we add, or the pod would not be made. */
export function resourcesOf({ cpuRequest, memoryRequest, cpuLimit, memoryLimit }: Resources): object {
  const limits = {
    ...(cpuLimit === undefined ? {} : { cpu: cpuLimit }),
    ...(memoryLimit === undefined ? {} : { memory: memoryLimit }),
  };
  return {
    requests: { cpu: cpuRequest, memory: memoryRequest },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
