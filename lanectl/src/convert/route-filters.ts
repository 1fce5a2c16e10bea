import type { EdgeRedirect, HeaderChange } from '@lanekeeper/protocol/edge';
import type { IngressSettings } from '@lanekeeper/mesh-file/ingress-annotations/ingress-settings';
import type { Manifest } from './conversion.ts';

/** What an HTTPRoute does with a request beside sending it on; `rewrite` is the path's. */
export function routeFilters(settings: IngressSettings, rewrite: Manifest | undefined): readonly Manifest[] {
  const { backend, cors, paths, redirects } = settings;
  if (redirects.all !== undefined) return [redirectFilter(redirects.all)];
  const host = backend.host === undefined ? {} : { hostname: backend.host };
  const urlRewrite = { ...host, ...(rewrite === undefined ? {} : { path: rewrite }) };
  const prefixed = paths.forwardedPrefix === undefined ? {} : { 'x-forwarded-prefix': paths.forwardedPrefix };
  return [
    ...headerFilter('Request', settings.requestHeaders, prefixed),
    ...headerFilter('Response', settings.responseHeaders, {}),
    ...(Object.keys(urlRewrite).length === 0 ? [] : [{ type: 'URLRewrite', urlRewrite }]),
    ...(cors === undefined ? [] : [corsFilter(cors)]),
  ];
}

export function redirectFilter({ location, status }: Pick<EdgeRedirect, 'location' | 'status'>): Manifest {
  const url = new URL(location ?? '/', 'http://localhost');
  const requestRedirect = {
    scheme: url.protocol.slice(0, -1),
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: { type: 'ReplaceFullPath', replaceFullPath: url.pathname },
    statusCode: status,
  };
  return { type: 'RequestRedirect', requestRedirect };
}

export const APP_ROOT_STATUS = 302;

export function headerFilter(
  side: 'Request' | 'Response',
  change: HeaderChange | undefined,
  more: Readonly<Record<string, string>>,
): readonly Manifest[] {
  const lists = {
    ...listed('set', { ...change?.set, ...more }),
    ...listed('add', change?.add ?? {}),
    ...(change === undefined || change.remove.length === 0 ? {} : { remove: change.remove }),
  };
  if (Object.keys(lists).length === 0) return [];
  return [{ type: `${side}HeaderModifier`, [`${side.toLowerCase()}HeaderModifier`]: lists }];
}

function listed(key: string, values: Readonly<Record<string, string>>): Manifest {
  const entries = Object.entries(values).map(([name, value]) => ({ name, value }));
  return entries.length === 0 ? {} : { [key]: entries };
}

function corsFilter({ maxAgeSeconds, ...cors }: NonNullable<IngressSettings['cors']>): Manifest {
  const { exposeHeaders, ...lists } = cors;
  return {
    type: 'CORS',
    cors: {
      ...lists,
      ...(exposeHeaders.length === 0 ? {} : { exposeHeaders }),
      ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
    },
  };
}
