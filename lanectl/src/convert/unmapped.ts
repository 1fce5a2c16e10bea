import { type Ingress, describeIngress } from './ingress.ts';
import type { Tell } from './conversion.ts';

/** What an Ingress asks for and an HTTPRoute has no words for. */
export function tellUnmapped(ingress: Ingress, tell: Tell): void {
  const { settings } = ingress;
  const { redirects, backend, timeouts } = settings;
  const lost: readonly (readonly [isAsked: boolean, message: string])[] = [
    [
      settings.affinity !== undefined,
      'affinity by cookie is not in HTTPRoute; a Service may have sessionAffinity: ClientIP',
    ],
    [settings.maxBodyBytes !== undefined, 'proxy-body-size is not in HTTPRoute; bodies have no bound'],
    [timeouts?.connectMs !== undefined, 'proxy-connect-timeout is not in HTTPRoute'],
    [
      backend.protocol === 'http2',
      'backend-protocol GRPC is a port of the Service with appProtocol: kubernetes.io/h2c',
    ],
    [backend.subset !== undefined, 'service-subset is a Lane: requests are coloured instead'],
    [redirects.fromToWww, 'from-to-www-redirect needs a route of its own for the other host'],
    [new URL(redirects.all?.location ?? 'http://x').search !== '', 'an HTTPRoute’s redirect has no query'],
  ];
  for (const [isAsked, message] of lost) if (isAsked) tell({ object: describeIngress(ingress), message });
}

/** Why an Ingress that keeps people out must stay one; undefined: it lets everybody in. */
export function guardOf({ settings }: Ingress): string | undefined {
  const { access, problems } = settings;
  const by = problems.map(({ annotation }) => annotation).find((name) => GUARDS.test(name));
  if (by !== undefined)
    return `${by} keeps people out; nothing of Lanekeeper does that, so the Ingress stays with its controller`;
  if (access.allow === undefined && access.deny === undefined) return undefined;
  return 'a list of source networks keeps people out, which HTTPRoute cannot; leave it an Ingress, of the class lanekeeper';
}

const GUARDS = /\/(?:auth-|modsecurity|satisfy|enable-modsecurity)/;
