import type { EdgeBackend } from '@lanekeeper/protocol/edge';
import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import type { AnnotationReader } from './annotation-reader.ts';

/** How backends of an Ingress are spoken to, and which of their endpoints. */
export interface BackendSettings {
  readonly protocol?: EdgeBackend['protocol'];
  readonly subset?: string;
  /** Host header, instead of the client's. */
  readonly host?: string;
  /** In the place of the backend that the rules name. */
  readonly destinations?: readonly Destination[];
}

export interface Destination {
  readonly service: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly weight: number;
}

export function readBackend(annotations: AnnotationReader): BackendSettings {
  const protocol = readProtocol(annotations);
  const subset = readSubset(annotations);
  const host = annotations.text('upstream-vhost');
  const destinations = readDestinations(annotations);
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(subset === undefined ? {} : { subset }),
    ...(host === undefined ? {} : { host }),
    ...(destinations === undefined ? {} : { destinations }),
  };
}

function readProtocol(annotations: AnnotationReader): EdgeBackend['protocol'] {
  const value = annotations.text('backend-protocol')?.toUpperCase();
  if (value === undefined || value === 'HTTP' || value === 'AUTO_HTTP') return undefined;
  if (value === 'GRPC') return 'http2';
  return annotations.problem('backend-protocol', `expected HTTP or GRPC; ${value} is not spoken to backends`);
}

/** Present and empty means the baseline, as with MSE. */
function readSubset(annotations: AnnotationReader): string | undefined {
  if (!annotations.has('service-subset')) return undefined;
  const value = annotations.text('service-subset') ?? BASELINE;
  return isLaneName(value)
    ? value
    : annotations.problem('service-subset', `expected the name of a lane, found ${value}`);
}

/** One a line: `80% b.shop.svc.cluster.local:80`; without a share it takes all. */
function readDestinations(annotations: AnnotationReader): readonly Destination[] | undefined {
  const lines = (annotations.text('destination') ?? '').split('\n').map((line) => line.trim());
  const some = lines.filter((line) => line !== '');
  if (some.length === 0) return undefined;
  const read = some.map(readDestination);
  const wrong = some.filter((_, index) => read[index] === undefined);
  if (wrong.length === 0) return read.filter((destination) => destination !== undefined);
  return annotations.problem(
    'destination',
    `expected lines such as "80% b.shop.svc.cluster.local:80", found ${wrong.join(' and ')}`,
  );
}

const DESTINATION =
  /^(?:(\d{1,3})%\s+)?([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?)?(?::(\d{1,5}))?$/;

function readDestination(line: string): Destination | undefined {
  const match = DESTINATION.exec(line);
  if (match === null) return undefined;
  const [, share = '100', service = '', namespace, port] = match;
  if (Number(share) > 100 || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return undefined;
  return {
    service,
    weight: Number(share),
    ...(namespace === undefined ? {} : { namespace }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
