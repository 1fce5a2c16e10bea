import { listAt, numberAt, recordAt, textAt, textsAt, type Json } from '@lanekeeper/lint/read/json';

export interface KnownService {
  readonly selector: Readonly<Record<string, string>>;
  /** Name -> number. */
  readonly ports: ReadonlyMap<string, number>;
}

/** The Services that stand beside the Ingresses; what is not there is not known. */
export type FindService = (namespace: string, name: string) => KnownService | undefined;

export function findServices(documents: readonly Json[]): FindService {
  const services = documents.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Service');
  const byName = new Map(services.map((document) => [idOf(document), readService(document)]));
  return (namespace, name) => byName.get(`${namespace}/${name}`);
}

function idOf(document: Json): string {
  const metadata = recordAt(document, 'metadata');
  return `${textAt(metadata, 'namespace') ?? 'default'}/${textAt(metadata, 'name') ?? ''}`;
}

function readService(document: Json): KnownService {
  const ports = listAt(recordAt(document, 'spec'), 'ports').map((port) => recordAt(port));
  return {
    selector: textsAt(document, 'spec', 'selector'),
    ports: new Map(ports.map((port) => [textAt(port, 'name') ?? '', numberAt(port, 'port') ?? 0])),
  };
}
