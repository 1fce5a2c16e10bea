import type { EdgeCanary } from '@lanekeeper/protocol/edge';
import { ruleProblems } from '../../edge/check-rule.ts';
import type { CanarySettings } from '@lanekeeper/mesh-file/ingress-annotations/read-canary';
import { convertBackends, type BackendContext } from './ingress-backends.ts';
import { ingressName, placeKey, type Place, type RankedCanary, type ReadIngress } from './place.ts';

/** Puts canaries to the places that they share with a main Ingress; all else that their annotations ask for is the main one's. */
export function attachCanaries(
  canaries: readonly ReadIngress[],
  places: ReadonlyMap<string, Place>,
  context: BackendContext,
): void {
  for (const canary of canaries) attach(canary, places, context);
  for (const { canaries: attached } of places.values()) attached.sort((a, b) => a.order - b.order);
}

function attach(read: ReadIngress, places: ReadonlyMap<string, Place>, context: BackendContext): void {
  const { ingress, settings } = read;
  if (settings.canary === undefined) return;
  const paths = ingress.rules.flatMap(({ host, paths: all }) => all.map((path) => ({ host, path })));
  for (const { host, path } of paths) {
    const place = places.get(placeKey(host, path));
    if (place === undefined || place.owner.ingress.meta.namespace !== ingress.meta.namespace) {
      const message = `there is no main Ingress in its namespace for ${host}${path.path} (pathType ${path.type}), so the canary takes no request there`;
      context.problems.push({ ingress: ingressName(ingress), reason: 'CanaryWithoutMain', message });
      continue;
    }
    // Protocol and host are the main one's; which endpoints, the canary may say itself.
    const backend = { ...place.owner.settings.backend, ...pickOwn(settings.backend) };
    const [first] = convertBackends(ingress, path.backend, backend, context);
    if (first === undefined) continue;
    const ranked = edgeCanary(`Ingress ${ingressName(ingress)}`, first, settings.canary);
    const [problem] = ruleProblems({ ...place.rule.rule, canaries: [ranked.canary] });
    if (problem === undefined) place.canaries.push(ranked);
    else context.problems.push({ ingress: ingressName(ingress), reason: 'PathNotUsable', message: problem });
  }
}

function pickOwn({ subset }: ReadIngress['settings']['backend']): ReadIngress['settings']['backend'] {
  return subset === undefined ? {} : { subset };
}

function edgeCanary(
  name: string,
  backend: EdgeCanary['backend'],
  { order, ...conditions }: CanarySettings,
): RankedCanary {
  return { order, canary: { name, backend, ...conditions } };
}
