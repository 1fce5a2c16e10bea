import type { KubeDocumentMeta } from '../../read/read-document.ts';

/** An Ingress (networking.k8s.io/v1), as far as it is served. */
export interface KubeIngress {
  readonly meta: KubeDocumentMeta;
  /** `spec.ingressClassName`, else the annotation that it replaced. */
  readonly className: string | undefined;
  readonly defaultBackend: IngressBackend | undefined;
  readonly tls: readonly IngressTls[];
  readonly rules: readonly IngressRule[];
}

export interface IngressTls {
  /** Lower-case; empty: the hosts of the rules. */
  readonly hosts: readonly string[];
  /** Name of a Secret of the same namespace; undefined: the gateway's own certificate. */
  readonly secret: string | undefined;
}

export interface IngressRule {
  /** Lower-case; `*` for any. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressPath {
  /** Begins with a slash, but for a regular expression. */
  readonly path: string;
  readonly type: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backend: IngressBackend;
}

export interface IngressBackend {
  /** Undefined: a reference to something that is no Service. */
  readonly service: string | undefined;
  /** A number, or the name of one of the Service's ports. */
  readonly port: number | string;
}
