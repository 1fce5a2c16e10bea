import type { EdgeAction, EdgeRule, HeaderChange } from '@lanekeeper/protocol/edge';
import type { IngressSettings } from '@lanekeeper/mesh-file/ingress-annotations/ingress-settings';
import type { ConvertedPath } from './ingress-paths.ts';

const HTTPS_PORT = 443;

export interface PlaceRule {
  /** `Ingress shop/a: www.example.com/path`. */
  readonly name: string;
  readonly path: ConvertedPath;
  readonly action: EdgeAction;
  readonly settings: IngressSettings;
}

/** The rule of one place, with all that the annotations of its Ingress ask for. */
export function ingressRule({ name, path, action, settings }: PlaceRule): EdgeRule {
  const { backend, paths, redirects, cors, timeouts, maxBodyBytes, affinity, access } = settings;
  const requestHeaders = withPrefixHeader(settings.requestHeaders, paths.forwardedPrefix);
  const { responseHeaders } = settings;
  const rewrite = {
    ...(backend.host === undefined ? {} : { host: backend.host }),
    ...(path.rewrite === undefined ? {} : { path: path.rewrite }),
  };
  return {
    name,
    match: { path: path.match },
    action: redirects.all === undefined ? action : { kind: 'redirect', ...redirects.all },
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
    ...(Object.keys(rewrite).length === 0 ? {} : { rewrite }),
    ...(cors === undefined ? {} : { cors }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    ...(affinity === undefined ? {} : { affinity }),
    ...access,
  };
}

function withPrefixHeader(
  change: HeaderChange | undefined,
  prefix: string | undefined,
): HeaderChange | undefined {
  if (prefix === undefined) return change;
  const { set = {}, add = {}, remove = [] } = change ?? {};
  return { set: { ...set, 'x-forwarded-prefix': prefix }, add, remove };
}

/** The same place in plain text where there is TLS: the client is to come again by https. */
export function toHttps({ name, match, allow, deny }: EdgeRule, publicPort = HTTPS_PORT): EdgeRule {
  const port = publicPort === HTTPS_PORT ? {} : { port: publicPort };
  return {
    name,
    match,
    action: { kind: 'redirect', status: 308, scheme: 'https', ...port },
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
  };
}
