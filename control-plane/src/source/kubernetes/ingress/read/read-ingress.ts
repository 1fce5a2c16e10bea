import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { INGRESSES } from '@lanekeeper/kubernetes/resources';
import type { FieldReader, Fields } from '../../read/fields.ts';
import { readDocument } from '../../read/read-document.ts';
import type { IngressBackend, IngressPath, IngressRule, IngressTls, KubeIngress } from './kube-ingress.ts';

/** What named the class before there was a field for it. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

const readMeta = readDocument(INGRESSES);

export function readIngress(object: KubeObject, reader: FieldReader): KubeIngress {
  const { metadata } = readMeta(object, reader);
  const spec = reader.fields(object, 'spec');
  const defaultBackend = reader.fields(spec, 'defaultBackend');
  return {
    meta: metadata,
    className: reader.optionalText(spec, 'ingressClassName') ?? metadata.annotations[CLASS_ANNOTATION],
    defaultBackend:
      Object.keys(defaultBackend).length === 0 ? undefined : readBackend(defaultBackend, reader),
    tls: reader.items(spec, 'tls').map((item) => readTls(item, reader)),
    rules: reader.items(spec, 'rules').map((item) => readRule(item, reader)),
  };
}

function readTls(item: Fields, reader: FieldReader): IngressTls {
  return {
    hosts: reader.textItems(item, 'hosts').map((host) => host.toLowerCase()),
    secret: reader.optionalText(item, 'secretName'),
  };
}

function readRule(item: Fields, reader: FieldReader): IngressRule {
  const host = reader.text(item, 'host').toLowerCase();
  const paths = reader.items(reader.fields(item, 'http'), 'paths');
  return { host: host === '' ? '*' : host, paths: paths.map((path) => readPath(path, reader)) };
}

function readPath(item: Fields, reader: FieldReader): IngressPath {
  const type = reader.text(item, 'pathType');
  const path = reader.text(item, 'path');
  return {
    path: path === '' ? '/' : path,
    type: type === 'Exact' || type === 'Prefix' ? type : 'ImplementationSpecific',
    backend: readBackend(reader.fields(item, 'backend'), reader),
  };
}

function readBackend(item: Fields, reader: FieldReader): IngressBackend {
  const service = reader.fields(item, 'service');
  const port = reader.fields(service, 'port');
  return {
    service: reader.optionalText(service, 'name'),
    port: reader.port(port, 'number') ?? reader.text(port, 'name'),
  };
}
