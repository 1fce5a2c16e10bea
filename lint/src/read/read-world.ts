import { decodeObject, isMeshObjectKind } from '@lanekeeper/mesh-file/objects/decode-object';
import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { Finding } from '../finding.ts';
import { findingsOfProblems } from '../findings-of-problems.ts';
import type { LintPort, LintService, LintWorkload, LintWorld, Texts } from '../world.ts';
import { listAt, numberAt, recordAt, textAt, textsAt, type Json } from './json.ts';
import { isWorkload, readWorkload } from './read-workload.ts';
import { isTlsPort } from './tls-port.ts';

export interface ReadWorld {
  readonly world: LintWorld;
  /** What is wrong with objects of ours that cannot be read; they are not in the world. */
  readonly findings: readonly Finding[];
}

export type WorldFacts = Pick<LintWorld, 'extent' | 'nativeSidecars'>;

/** The world that Kubernetes objects (plain JSON; lists of them, too) describe. Kinds that mean nothing here are passed over. */
export function readWorld(documents: readonly unknown[], facts: WorldFacts): ReadWorld {
  const all = documents.flatMap(itemsOf);
  const namespaces = namespacesIn(all);
  const objects: MeshObject[] = [];
  const findings: Finding[] = [];
  for (const document of all.filter(isOurs)) {
    const decoded = decodeObject(document);
    if ('object' in decoded) objects.push(decoded.object);
    else findings.push(...findingsOfProblems(nameOf(document), decoded.problems));
  }
  const workloads = all.filter(isWorkload).map((document): LintWorkload => {
    const namespace = textAt(recordAt(document, 'metadata'), 'namespace') ?? 'default';
    return readWorkload(document, namespaces.get(namespace));
  });
  const services = all
    .filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1')
    .map(readService);
  return { world: { objects, workloads: withoutOwners(workloads, all), services, ...facts }, findings };
}

/** `kubectl get -o json` gives a List. */
function itemsOf(document: unknown): readonly Json[] {
  const record = recordAt(document);
  const kind = textAt(record, 'kind') ?? '';
  return kind.endsWith('List') && Array.isArray(record['items'])
    ? listAt(record, 'items').flatMap(itemsOf)
    : [record];
}

function isOurs({ apiVersion, kind }: Json): boolean {
  return isMeshObjectKind(apiVersion, kind);
}

function nameOf(document: Json): string {
  const metadata = recordAt(document, 'metadata');
  return `${textAt(document, 'kind') ?? ''} ${textAt(metadata, 'namespace') ?? 'default'}/${textAt(metadata, 'name') ?? ''}`;
}

function namespacesIn(documents: readonly Json[]): ReadonlyMap<string, Texts> {
  const namespaces = documents.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1');
  return new Map(
    namespaces.map((document) => [
      textAt(recordAt(document, 'metadata'), 'name') ?? '',
      textsAt(document, 'metadata', 'labels'),
    ]),
  );
}

/** Of a Deployment, its ReplicaSets and their Pods the last are looked at where they are there: they are what runs. */
function withoutOwners(
  workloads: readonly LintWorkload[],
  documents: readonly Json[],
): readonly LintWorkload[] {
  const owners = new Set(
    documents.filter(isWorkload).flatMap((document) => {
      const metadata = recordAt(document, 'metadata');
      const namespace = textAt(metadata, 'namespace') ?? 'default';
      return listAt(metadata, 'ownerReferences')
        .map((owner) => recordAt(owner))
        .map(({ kind, name }) => `${String(kind)} ${namespace}/${String(name)}`);
    }),
  );
  return workloads.filter(({ object }) => !owners.has(object));
}

function readService(document: Json): LintService {
  const metadata = recordAt(document, 'metadata');
  const spec = recordAt(document, 'spec');
  return {
    name: textAt(metadata, 'name') ?? '',
    namespace: textAt(metadata, 'namespace') ?? 'default',
    annotations: textsAt(metadata, 'annotations'),
    ...('selector' in spec ? { selector: textsAt(spec, 'selector') } : {}),
    ports: listAt(spec, 'ports').flatMap((entry) => readPort(recordAt(entry))),
  };
}

function readPort(record: Json): readonly LintPort[] {
  const port = numberAt(record, 'port');
  if (port === undefined) return [];
  const targetPort = numberAt(record, 'targetPort');
  const isTls = isTlsPort({ name: textAt(record, 'name'), appProtocol: textAt(record, 'appProtocol') });
  return [{ port, ...(targetPort === undefined ? {} : { targetPort }), ...(isTls ? { isTls } : {}) }];
}
