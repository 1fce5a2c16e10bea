import { PORTS } from '@lanekeeper/protocol/ports';
import { PROBE_KINDS, probePath, type ProbeTable, type ProbeTarget } from '@lanekeeper/protocol/probes';
import { isObject, objectsAt, ownText, type JsonObject } from '../pod/json.ts';
import { OURS } from '../pod/names.ts';
import type { Container, PodView } from '../pod/pod.ts';
import type { Edit, Path } from './edits.ts';

export interface RewrittenProbes {
  readonly table: ProbeTable;
  readonly edits: readonly Edit[];
}

const PROBE_PATHS = '/probe/';

/**
 * Points the kubelet's HTTP, TCP and gRPC probes at the sidecar's status port, which asks the application from within the pod.
 * Left alone: `exec`, a probe of another host, a port name that nobody declares, probes of init containers that end.
 */
export function rewriteProbes(pod: PodView): RewrittenProbes {
  const table: Record<string, ProbeTable[string]> = {};
  const edits: Edit[] = [];
  for (const { container, path } of probedContainers(pod)) {
    for (const kind of PROBE_KINDS) {
      const probe = container.raw[`${kind}Probe`];
      const target = isObject(probe) ? targetOf(probe, container) : undefined;
      if (!isObject(probe) || target === undefined || isPointed(probe)) continue;
      table[probePath(container.name, kind)] = { ...target, timeoutMs: timeoutOf(probe) };
      edits.push(...pointAtSidecar(probe, [...path, `${kind}Probe`], probePath(container.name, kind)));
    }
  }
  return { table, edits };
}

interface Place {
  readonly container: Container;
  readonly path: Path;
}

function probedContainers({ containers, initContainers }: PodView): readonly Place[] {
  const sidecars = initContainers.map((container, index) => {
    return { container, path: ['spec', 'initContainers', index] };
  });
  return [
    ...sidecars.filter(({ container }) => container.raw['restartPolicy'] === 'Always'),
    ...containers.map((container, index) => ({ container, path: ['spec', 'containers', index] })),
  ].filter(({ container }) => container.name !== OURS.sidecar);
}

function pointAtSidecar(probe: JsonObject, path: Path, to: string): readonly Edit[] {
  const old = ['tcpSocket', 'grpc'].filter((key) => Object.hasOwn(probe, key));
  return [
    ...old.map((key): Edit => ({ kind: 'drop', path, key })),
    { kind: 'set', path, key: 'httpGet', value: { path: to, port: PORTS.status } },
  ];
}

/** At the sidecar already. */
function isPointed({ httpGet }: JsonObject): boolean {
  return (
    isObject(httpGet) &&
    httpGet['port'] === PORTS.status &&
    (ownText(httpGet, 'path') ?? '').startsWith(PROBE_PATHS)
  );
}

function targetOf(probe: JsonObject, container: Container): ProbeTarget | undefined {
  const { httpGet, tcpSocket, grpc } = probe;
  if (isObject(httpGet)) return httpTarget(httpGet, container);
  const other = isObject(tcpSocket) ? tcpSocket : grpc;
  if (!isObject(other) || isElsewhere(other)) return undefined;
  const port = portOf(other['port'], container);
  if (port === undefined) return undefined;
  return isObject(tcpSocket)
    ? { kind: 'tcp', port }
    : { kind: 'grpc', port, service: ownText(other, 'service') ?? '' };
}

function httpTarget(httpGet: JsonObject, container: Container): ProbeTarget | undefined {
  const port = portOf(httpGet['port'], container);
  if (port === undefined || isElsewhere(httpGet)) return undefined;
  const headers = objectsAt(httpGet['httpHeaders'], 'httpHeaders').map((header) => {
    return { name: ownText(header, 'name') ?? '', value: ownText(header, 'value') ?? '' };
  });
  const scheme = ownText(httpGet, 'scheme') === 'HTTPS' ? 'HTTPS' : 'HTTP';
  return { kind: 'http', port, path: ownText(httpGet, 'path') ?? '/', scheme, headers };
}

/** Another host is not this pod's application; the rules do not touch what the kubelet sends there. */
function isElsewhere(target: JsonObject): boolean {
  return (ownText(target, 'host') ?? '') !== '';
}

/** A number, or the number of the container's port of that name. */
function portOf(port: unknown, { ports }: Container): number | undefined {
  if (typeof port === 'number') return port;
  const declared = ports.find((one) => typeof port === 'string' && one['name'] === port);
  const number = declared?.['containerPort'];
  return typeof number === 'number' ? number : undefined;
}

function timeoutOf(probe: JsonObject): number {
  const seconds = probe['timeoutSeconds'];
  return (typeof seconds === 'number' && seconds > 0 ? seconds : 1) * 1000;
}
