import { appOf, explicitAppNames } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService } from '../objects.ts';
import { isOfService } from './lane-claim.ts';

/** Finds which of some services of a namespace a pod belongs to, without asking each of them. */
export class MemberFinder {
  readonly #services: ReadonlyMap<string, KubeService>;
  readonly #namespace: string;
  /** `app x` or `label=value` -> names of services whose pods have that. */
  readonly #names = new Map<string, string[]>();

  /** `services`: by `namespace/name`; as they are now. */
  constructor(services: ReadonlyMap<string, KubeService>, namespace: string, names: Iterable<string>) {
    this.#services = services;
    this.#namespace = namespace;
    for (const name of names) for (const mark of marksOf(name, this.#service(name))) this.#add(mark, name);
  }

  servicesOf(pod: KubePod): ReadonlySet<string> {
    const found = new Set<string>();
    for (const mark of marksOfPod(pod)) {
      for (const name of this.#names.get(mark) ?? []) {
        if (isOfService(pod, name, this.#service(name))) found.add(name);
      }
    }
    return found;
  }

  #service(name: string): KubeService | undefined {
    return this.#services.get(`${this.#namespace}/${name}`);
  }

  #add(mark: string, name: string): void {
    const names = this.#names.get(mark);
    if (names === undefined) this.#names.set(mark, [name]);
    else names.push(name);
  }
}

/** Each pod of the service has one of these at least. */
function marksOf(name: string, service: KubeService | undefined): ReadonlySet<string> {
  if (service === undefined) return new Set([ofApp(name)]);
  const { selector = {}, meta } = service;
  const [label] = Object.entries(selector);
  const [stated] = explicitAppNames(meta.labels);
  const apps = stated === undefined ? [name, appOf(selector) ?? name] : [stated.value];
  return new Set([...apps.map(ofApp), ...(label === undefined ? [] : [label.join('=')])]);
}

function marksOfPod({ meta }: KubePod): readonly string[] {
  const app = appOf(meta.labels);
  const labels = Object.entries(meta.labels).map((label) => label.join('='));
  return app === undefined ? labels : [ofApp(app), ...labels];
}

function ofApp(app: string): string {
  return `app ${app}`;
}
