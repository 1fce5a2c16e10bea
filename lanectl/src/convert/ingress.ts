import {
  readIngressSettings,
  type IngressSettings,
} from '@lanekeeper/mesh-file/ingress-annotations/ingress-settings';
import { listAt, numberAt, recordAt, textAt, textsAt, type Json } from '@lanekeeper/lint/read/json';
import type { Tell } from './conversion.ts';

export interface Ingress {
  readonly name: string;
  readonly namespace: string;
  readonly settings: IngressSettings;
  readonly hosts: readonly IngressHost[];
  readonly tls: readonly { readonly hosts: readonly string[]; readonly secret: string | undefined }[];
}

export interface IngressHost {
  /** Lower-case; `*` for any. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressPath {
  readonly path: string;
  readonly type: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backend: Backend;
}

export interface Backend {
  /** Empty: something that is no Service. */
  readonly service: string;
  /** A number, or the name of one of the Service's ports. */
  readonly port: number | string;
}

export function describeIngress({ namespace, name }: Pick<Ingress, 'namespace' | 'name'>): string {
  return `Ingress ${namespace}/${name}`;
}

export function isIngress({ apiVersion, kind }: Json): boolean {
  const group = String(apiVersion).split('/')[0] ?? '';
  return kind === 'Ingress' && ['networking.k8s.io', 'extensions'].includes(group);
}

/** What its annotations cannot say here is told; `server-alias` adds hosts, a default backend a last path. */
export function readIngress(document: Json, tell: Tell): Ingress {
  const metadata = recordAt(document, 'metadata');
  const spec = recordAt(document, 'spec');
  const settings = readIngressSettings(textsAt(metadata, 'annotations'));
  const named = {
    name: textAt(metadata, 'name') ?? '',
    namespace: textAt(metadata, 'namespace') ?? 'default',
  };
  for (const { annotation, message } of settings.problems)
    tell({ object: describeIngress(named), message: `${annotation} ${message}` });
  const rules = listAt(spec, 'rules').map((rule) => readHost(recordAt(rule)));
  const aliases = settings.paths.aliases.flatMap((host) => rules.map(({ paths }) => ({ host, paths })));
  return {
    ...named,
    settings,
    hosts: withDefault([...rules, ...aliases], backendOf(spec, 'defaultBackend', 'backend')),
    tls: listAt(spec, 'tls').map((entry) => ({
      hosts: listAt(recordAt(entry), 'hosts').map((host) => String(host).toLowerCase()),
      secret: textAt(recordAt(entry), 'secretName'),
    })),
  };
}

function readHost(rule: Json): IngressHost {
  const host = (textAt(rule, 'host') ?? '').toLowerCase();
  const paths = listAt(recordAt(rule, 'http'), 'paths').map((path) => readPath(recordAt(path)));
  return { host: host === '' ? '*' : host, paths };
}

function readPath(path: Json): IngressPath {
  const type = textAt(path, 'pathType');
  const text = textAt(path, 'path') ?? '';
  return {
    path: text === '' ? '/' : text,
    type: type === 'Exact' || type === 'Prefix' ? type : 'ImplementationSpecific',
    backend: backendOf(path, 'backend') ?? { service: '', port: '' },
  };
}

/** Of networking.k8s.io/v1, and of the versions before it. */
function backendOf(at: Json, ...keys: readonly string[]): Backend | undefined {
  const key = keys.find((each) => each in at);
  if (key === undefined) return undefined;
  const old = recordAt(at, key);
  const service = recordAt(at, key, 'service');
  const port = recordAt(service, 'port');
  return {
    service: textAt(service, 'name') ?? textAt(old, 'serviceName') ?? '',
    port:
      numberAt(port, 'number') ??
      textAt(port, 'name') ??
      numberAt(old, 'servicePort') ??
      textAt(old, 'servicePort') ??
      '',
  };
}

function withDefault(hosts: readonly IngressHost[], backend: Backend | undefined): readonly IngressHost[] {
  if (backend === undefined) return hosts;
  const last: IngressPath = { path: '/', type: 'Prefix', backend };
  if (hosts.length === 0) return [{ host: '*', paths: [last] }];
  return hosts.map(({ host, paths }) =>
    paths.some(({ path, type }) => path === '/' && type !== 'Exact')
      ? { host, paths }
      : { host, paths: [...paths, last] },
  );
}
