import type { EdgeAction } from '@lanekeeper/protocol/edge';
import { ruleProblems } from '../../edge/check-rule.ts';
import { weightsOf } from '../../edge/sort-rules.ts';
import type { IngressBackend, IngressPath } from '../read/kube-ingress.ts';
import { convertBackends, type BackendContext } from './ingress-backends.ts';
import { convertPath } from './ingress-paths.ts';
import { ingressRule } from './ingress-rules.ts';
import { ingressName, placeKey, type Place, type ReadIngress } from './place.ts';

const ROOT: Pick<IngressPath, 'path' | 'type'> = { path: '/', type: 'Prefix' };

/** Places by key. The oldest Ingress comes first and has what it names; a later one is told who has it. */
export function claimPlaces(
  mains: readonly ReadIngress[],
  context: BackendContext,
): ReadonlyMap<string, Place> {
  const claims = new Claims(context);
  for (const main of mains) claims.take(main);
  // What is left over, after all that is said in so many words.
  for (const main of mains) claims.takeDefault(main);
  return claims.places;
}

class Claims {
  readonly places = new Map<string, Place>();
  readonly #context: BackendContext;

  constructor(context: BackendContext) {
    this.#context = context;
  }

  take(main: ReadIngress): void {
    for (const { host, paths } of main.ingress.rules) {
      for (const each of [host, ...main.settings.paths.aliases]) {
        for (const path of paths) this.#claim(main, each, path);
        if (main.settings.redirects.appRoot !== undefined) this.#claimAppRoot(main, each);
      }
    }
  }

  takeDefault(main: ReadIngress): void {
    const { defaultBackend, rules } = main.ingress;
    if (defaultBackend === undefined) return;
    const hosts = rules.length === 0 ? ['*'] : rules.map(({ host }) => host);
    for (const host of new Set(hosts)) {
      const isTaken = this.places.has(placeKey(host, ROOT));
      if (!isTaken || rules.length === 0) this.#claim(main, host, { ...ROOT, backend: defaultBackend });
    }
  }

  #claim(main: ReadIngress, host: string, path: IngressPath): void {
    const key = placeKey(host, path);
    if (!this.#isFree(main, key, `${host}${path.path}`)) return;
    const converted = convertPath(path, main.settings.paths);
    if ('problem' in converted) {
      const message = `the path ${path.path} of ${host} cannot be used: ${converted.problem}`;
      this.#tell(main, 'PathNotUsable', message);
      return;
    }
    const name = `Ingress ${ingressName(main.ingress)}: ${host}${path.path}`;
    const action = this.#forward(main, path.backend);
    this.#put(key, host, main, ingressRule({ name, path: converted, action, settings: main.settings }));
  }

  #claimAppRoot(main: ReadIngress, host: string): void {
    const key = placeKey(host, { path: '/', type: 'Exact' });
    if (this.places.has(key)) return;
    const full = main.settings.redirects.appRoot ?? '/';
    this.#put(key, host, main, {
      name: `Ingress ${ingressName(main.ingress)}: app-root of ${host}`,
      match: { path: { exact: '/' } },
      action: { kind: 'redirect', status: 302, path: { full } },
    });
  }

  #put(key: string, host: string, owner: ReadIngress, rule: Place['rule']['rule']): void {
    const [problem] = ruleProblems(rule);
    if (problem !== undefined) {
      this.#tell(owner, 'PathNotUsable', `${rule.name} is not served: ${problem}`);
      return;
    }
    const { creationTimestamp: createdAt } = owner.ingress.meta;
    const ranked = { rule, weights: weightsOf(rule.match), createdAt, origin: ingressName(owner.ingress) };
    this.places.set(key, { host, owner, rule: ranked, canaries: [] });
  }

  #forward(main: ReadIngress, backend: IngressBackend): EdgeAction {
    const backends = convertBackends(main.ingress, backend, main.settings.backend, this.#context);
    return { kind: 'forward', backends };
  }

  #isFree(main: ReadIngress, key: string, place: string): boolean {
    const holder = this.places.get(key);
    if (holder === undefined) return true;
    const own =
      holder.owner === main
        ? 'it names it twice'
        : `Ingress ${ingressName(holder.owner.ingress)} has it, which is older`;
    this.#tell(main, 'HostPathTaken', `${place} is not served for this Ingress: ${own}`);
    return false;
  }

  #tell({ ingress }: ReadIngress, reason: 'HostPathTaken' | 'PathNotUsable', message: string): void {
    this.#context.problems.push({ ingress: ingressName(ingress), reason, message });
  }
}
