import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import type { DescribedGroup, DescribedWorld } from '../described-world.ts';
import type { Noted } from '../noted.ts';
import { describeService, type LintService, type LintWorkload } from '../world.ts';

/** Ports that the sidecar does not see take no part in lanes. */
export function findExcludedPorts({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap((group) => {
    const workloads = new Set(
      group.members.flatMap((member) => member.workloads.map(({ workload }) => workload)),
    );
    return [...workloads].flatMap((workload) => [
      ...excludedInbound(workload, group),
      ...excludedOutbound(workload, group),
    ]);
  });
}

function excludedInbound(workload: LintWorkload, { members }: DescribedGroup): readonly Noted[] {
  const excluded = portsIn(workload.annotations[ANNOTATIONS.excludeInboundPorts]);
  if (excluded.length === 0) return [];
  return members.flatMap(({ service, workloads }) => {
    if (service === undefined || !workloads.some((placed) => placed.workload === workload)) return [];
    const hit = service.ports.flatMap(({ port, targetPort = port }) =>
      excluded.includes(targetPort) ? [targetPort] : [],
    );
    return hit.length === 0
      ? []
      : [excludedPort(workload, service, { annotation: ANNOTATIONS.excludeInboundPorts, ports: hit })];
  });
}

function excludedOutbound(workload: LintWorkload, { members }: DescribedGroup): readonly Noted[] {
  const excluded = portsIn(workload.annotations[ANNOTATIONS.excludeOutboundPorts]);
  if (excluded.length === 0) return [];
  return members.flatMap(({ service }) => {
    const hit = service?.ports.flatMap(({ port }) => (excluded.includes(port) ? [port] : [])) ?? [];
    if (service === undefined || hit.length === 0) return [];
    return [excludedPort(workload, service, { annotation: ANNOTATIONS.excludeOutboundPorts, ports: hit })];
  });
}

/** `80, 8000-8100`. */
function portsIn(text: string | undefined): readonly number[] {
  return (text ?? '')
    .split(/[\s,]+/)
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
}

interface Exclusion {
  readonly annotation: string;
  readonly ports: readonly number[];
}

function excludedPort(workload: LintWorkload, service: LintService, { annotation, ports }: Exclusion): Noted {
  const isInbound = annotation === ANNOTATIONS.excludeInboundPorts;
  const what = isInbound
    ? 'requests that come to it there keep no lane'
    : 'its calls go there without a lane';
  return {
    code: 'LK0113',
    severity: 'warning',
    object: workload.object,
    path: `metadata.annotations["${annotation}"]`,
    annotations: [workload.ownAnnotations ?? {}, workload.annotations],
    message: `port ${ports.join(', ')} of ${describeService(service)} is kept from the sidecar, so ${what}`,
    fix: `Take the port out of ${annotation}; exclude only what is no request of the group.`,
  };
}

export function findForeignMeshes({ groups }: DescribedWorld): readonly Noted[] {
  const workloads = new Set(
    groups.flatMap(({ members }) =>
      members.flatMap((member) => member.workloads.map(({ workload }) => workload)),
    ),
  );
  return [...workloads].flatMap(({ object, otherMesh, annotations, ownAnnotations }): readonly Noted[] =>
    otherMesh === undefined
      ? []
      : [
          {
            code: 'LK0114',
            severity: 'error',
            object,
            path: 'spec.containers',
            annotations: [ownAnnotations ?? {}, annotations],
            message: `container ${otherMesh} is the proxy of another mesh, so this workload gets no sidecar of ours`,
            fix: 'Take it out of the other mesh, or out of the lane group.',
          },
        ],
  );
}

/** Without sidecars that Kubernetes knows as such a Job ends only when its sidecar does, which is never. */
export function findEndlessJobs({ world }: DescribedWorld): readonly Noted[] {
  if (world.nativeSidecars !== false) return [];
  return world.workloads.flatMap(
    ({ object, isJob, injection, annotations, ownAnnotations }): readonly Noted[] =>
      isJob && injection?.isInjected === true
        ? [
            {
              code: 'LK0115',
              severity: 'error',
              object,
              path: '',
              annotations: [ownAnnotations ?? {}, annotations],
              message:
                'it is injected, and this Kubernetes has no native sidecars, so its pods would never end',
              fix: 'Annotate its pods lanekeeper.io/inject=false, or use Kubernetes 1.29 or newer.',
            },
          ]
        : [],
  );
}
