import type { EdgeAffinity, EdgeCors, EdgeTimeouts, HeaderChange } from '@lanekeeper/protocol/edge';
import { AnnotationReader, type AnnotationProblem } from './annotation-reader.ts';
import { readAffinity } from './read-affinity.ts';
import { readBackend, type BackendSettings } from './read-backend.ts';
import { readCanary, type CanarySettings } from './read-canary.ts';
import { readCors } from './read-cors.ts';
import { readHeaderControl } from './read-header-control.ts';
import { readAccess, readMaxBody, readTimeouts, type Access } from './read-limits.ts';
import { readPaths, type PathSettings } from './read-paths.ts';
import { readRedirects, type RedirectSettings } from './read-redirects.ts';

/** What the annotations of one Ingress ask for. */
export interface IngressSettings {
  /** Undefined: it is no canary. */
  readonly canary: CanarySettings | undefined;
  readonly affinity: EdgeAffinity | undefined;
  readonly cors: EdgeCors | undefined;
  readonly timeouts: EdgeTimeouts | undefined;
  readonly maxBodyBytes: number | undefined;
  readonly requestHeaders: HeaderChange | undefined;
  readonly responseHeaders: HeaderChange | undefined;
  readonly access: Access;
  readonly backend: BackendSettings;
  readonly paths: PathSettings;
  readonly redirects: RedirectSettings;
  readonly problems: readonly AnnotationProblem[];
}

export function readIngressSettings(annotations: Readonly<Record<string, string>>): IngressSettings {
  const reader = new AnnotationReader(annotations);
  return {
    canary: readCanary(reader),
    affinity: readAffinity(reader),
    cors: readCors(reader),
    timeouts: readTimeouts(reader),
    maxBodyBytes: readMaxBody(reader),
    requestHeaders: readHeaderControl(reader, 'request'),
    responseHeaders: readHeaderControl(reader, 'response'),
    access: readAccess(reader),
    backend: readBackend(reader),
    paths: readPaths(reader),
    redirects: readRedirects(reader),
    problems: reader.problems(),
  };
}
