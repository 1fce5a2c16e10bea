/** Something of an Ingress that is not done as it asks; said in an Event beside it. */
export interface IngressProblem {
  /** `namespace/name`. */
  readonly ingress: string;
  /** Machine-readable, as Events have them: `AnnotationIgnored`, `HostPathTaken`, … */
  readonly reason: IngressProblemReason;
  readonly message: string;
}

export type IngressProblemReason =
  | 'AnnotationIgnored'
  | 'BackendNotFound'
  | 'BackendUnsupported'
  | 'CanaryWithoutMain'
  | 'CertificateMissing'
  | 'HostPathTaken'
  | 'ListenerMissing'
  | 'PathNotUsable';
