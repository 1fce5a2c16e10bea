import type { MatchRule, PathMatch } from '@lanekeeper/protocol/model';
import type { Tell } from './conversion.ts';
import { describeIngress, type Ingress, type IngressPath } from './ingress.ts';
import { routePath } from './route-paths.ts';

/** Where a canary takes requests from a main Ingress. */
export interface CanaryPlace {
  /** The same for canaries of the same place. */
  readonly id: string;
  readonly main: Ingress;
  readonly service: string;
  readonly canaryService: string;
  /** Hosts and paths. */
  readonly rule: Pick<MatchRule, 'hosts' | 'paths'>;
}

/** Host, path and pathType must be a main Ingress' too, as with ingress-nginx; a place without one is told of. */
export function placesOf(canary: Ingress, mains: readonly Ingress[], tell: Tell): readonly CanaryPlace[] {
  return canary.hosts.flatMap(({ host, paths }) =>
    paths.flatMap((path) => {
      const found = findMain(mains, host, path);
      if (found === undefined) {
        const message = `there is no main Ingress for ${host}${path.path} (pathType ${path.type}); the canary takes no request there`;
        tell({ object: describeIngress(canary), message });
        return [];
      }
      const { match } = routePath(path, found.main.settings);
      return [
        {
          ...{ id: `${host} ${path.type} ${path.path}`, main: found.main },
          ...{ service: found.path.backend.service, canaryService: path.backend.service },
          rule: { ...(host === '*' ? {} : { hosts: [host] }), ...pathsOf(match) },
        },
      ];
    }),
  );
}

function findMain(
  mains: readonly Ingress[],
  host: string,
  { path, type }: IngressPath,
): { readonly main: Ingress; readonly path: IngressPath } | undefined {
  for (const main of mains) {
    const paths = main.hosts.filter((each) => each.host === host).flatMap((each) => each.paths);
    const found = paths.find((each) => each.path === path && each.type === type);
    if (found !== undefined) return { main, path: found };
  }
  return undefined;
}

function pathsOf(match: PathMatch): Pick<MatchRule, 'paths'> {
  return 'prefix' in match && match.prefix === '/' ? {} : { paths: [match] };
}
