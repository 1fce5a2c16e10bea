import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import type { KubeContainerPort, KubePod } from '../objects.ts';
import type { FieldReader, Fields } from './fields.ts';
import { readMeta } from './read-meta.ts';

/** As the injector calls it. */
const SIDECAR = 'lanekeeper-sidecar';

export function readPod(object: KubeObject, reader: FieldReader): KubePod {
  const spec = reader.fields(object, 'spec');
  const status = reader.fields(object, 'status');
  const containers = reader.items(spec, 'containers');
  const running = [...containers, ...reader.items(spec, 'initContainers').filter(isNativeSidecar)];
  const laneFromEnv = readLane(containers, reader);
  return {
    meta: readMeta(object, reader),
    phase: reader.text(status, 'phase'),
    isReady: isReady(status, reader),
    isTerminating: reader.optionalText(object.metadata, 'deletionTimestamp') !== undefined,
    hostNetwork: reader.flag(spec, 'hostNetwork'),
    runsToEnd: ['Never', 'OnFailure'].includes(reader.text(spec, 'restartPolicy')),
    addresses: readAddresses(status, reader),
    nodeName: reader.text(spec, 'nodeName'),
    isInjected: running.some(({ name }) => name === SIDECAR),
    ...(laneFromEnv === undefined ? {} : { laneFromEnv }),
    ports: reader.intern.value(
      running.filter(({ name }) => name !== SIDECAR).flatMap((c) => readPorts(c, reader)),
    ),
  };
}

function isNativeSidecar({ restartPolicy }: Fields): boolean {
  return restartPolicy === 'Always';
}

function isReady(status: Fields, reader: FieldReader): boolean {
  const ready = reader.items(status, 'conditions').find(({ type }) => type === 'Ready');
  return ready?.['status'] === 'True';
}

/** An old server, or one with a single stack, may say `podIP` only. */
function readAddresses(status: Fields, reader: FieldReader): readonly string[] {
  const addresses = reader.items(status, 'podIPs').map((item) => reader.text(item, 'ip'));
  const found = addresses.length > 0 ? addresses : [reader.text(status, 'podIP')];
  return found.filter((address) => address !== '');
}

/** The first container that has the variable with a value of its own. */
function readLane(containers: readonly Fields[], reader: FieldReader): string | undefined {
  for (const container of containers) {
    const variable = reader.items(container, 'env').find(({ name }) => name === FOREIGN.openSergoLane);
    const value = variable === undefined ? undefined : reader.optionalText(variable, 'value');
    if (value !== undefined) return value;
  }
  return undefined;
}

function readPorts(container: Fields, reader: FieldReader): readonly KubeContainerPort[] {
  return reader.items(container, 'ports').flatMap((port) => {
    const containerPort = reader.port(port, 'containerPort') ?? reader.malformed();
    if (containerPort === undefined) return [];
    const name = reader.optionalText(port, 'name');
    const protocol = reader.optionalText(port, 'protocol') ?? 'TCP';
    return [{ ...(name === undefined ? {} : { name }), containerPort, protocol }];
  });
}
