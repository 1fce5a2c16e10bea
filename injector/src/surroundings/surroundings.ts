import type { CertificateSource } from '@lanekeeper/runtime/certificate-files';
import type { AdmissionRequest } from '../admission/decode.ts';
import type { Answer } from '../admission/respond.ts';
import type { ClusterFacts } from '../decision/cluster-facts.ts';

/** What the webhook has around it: an API server, or files. */
export interface Surroundings {
  readonly facts: ClusterFacts;
  readonly certificates: CertificateSource;
  /** PEM that sidecars are to trust as the control plane's CA; undefined: none (yet). */
  discoveryCa(): string | undefined;
  /** Told of each answer, dry runs apart, after it was given. */
  observe(request: AdmissionRequest, answer: Answer): void;
  /** Why no reviews should come now; empty: they may. */
  problems(): readonly string[];
  /** Resolves when facts and a certificate are there. */
  start(): Promise<void>;
  /** Gives up what others wait for. */
  stop(): Promise<void>;
}
