import type { ServiceKey } from '@lanekeeper/nacos/instance';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { meshNameOf } from '../convert/convert-name.ts';
import { shown, type Finding } from '../convert/finding.ts';

/** A service of one Nacos namespace. */
export interface KnownService {
  /** `meshNamespace/name` */
  readonly id: string;
  readonly key: ServiceKey;
  /** Undefined: nobody has said anything of it yet. */
  endpoints: readonly EndpointConfig[] | undefined;
  /** What cannot be taken as it is, as sentences, and the codes of it. */
  findings: readonly string[];
  codes: ReadonlySet<string>;
  /** Ends that it is followed; undefined: it is not, what is known of it was asked for. */
  unfollow: (() => void) | undefined;
}

/** Of one kind and one service; the others are counted. */
const MAX_FINDINGS = 3;

/** The services of one Nacos namespace, by their ids in the mesh. */
export class Directory {
  readonly #meshNamespace: string;
  readonly #services = new Map<string, KnownService>();
  /** Those that the mesh cannot name, by group and name. */
  readonly #nameless = new Map<string, ServiceKey>();

  constructor(meshNamespace: string) {
    this.#meshNamespace = meshNamespace;
  }

  get(id: string): KnownService | undefined {
    return this.#services.get(id);
  }

  all(): Iterable<KnownService> {
    return this.#services.values();
  }

  /** The service of that name, known from now on; undefined: the mesh cannot name it. */
  learn(key: ServiceKey): KnownService | undefined {
    const name = meshNameOf(key);
    if (name === undefined) {
      this.#nameless.set(`${key.group} ${key.name}`, key);
      return undefined;
    }
    const id = `${this.#meshNamespace}/${name}`;
    const known = this.#services.get(id);
    if (known !== undefined) return known;
    const nothing = { endpoints: undefined, findings: [], codes: new Set<string>(), unfollow: undefined };
    const service: KnownService = { id, key, ...nothing };
    this.#services.set(id, service);
    return service;
  }

  forget(id: string): void {
    this.#services.delete(id);
  }

  /** What is not among `keys` and not followed either: it is no more. */
  goneWithout(keys: readonly ServiceKey[]): readonly KnownService[] {
    const there = new Set(keys.map(meshNameOf));
    const nameless = new Set(keys.map(({ group, name }) => `${group} ${name}`));
    for (const at of this.#nameless.keys()) if (!nameless.has(at)) this.#nameless.delete(at);
    const skip = this.#meshNamespace.length + 1;
    return [...this.#services.values()].filter(
      ({ id, unfollow }) => unfollow === undefined && !there.has(id.slice(skip)),
    );
  }

  counts(): { readonly services: number; readonly instances: number; readonly followed: number } {
    const counts = { services: this.#services.size, instances: 0, followed: 0 };
    for (const { endpoints, unfollow } of this.#services.values()) {
      counts.instances += endpoints?.length ?? 0;
      if (unfollow !== undefined) counts.followed += 1;
    }
    return counts;
  }

  /** As sentences that name the service. */
  findings(): readonly string[] {
    const ofNames = [...this.#nameless.values()].map(
      ({ group, name }) =>
        `service ${shown(name)} of group ${shown(group)}: the mesh cannot name it, so it is left alone`,
    );
    const ofServices = [...this.#services.values()].flatMap(({ id, findings }) =>
      findings.map((finding) => `service ${id}: ${finding}`),
    );
    return [...ofNames, ...ofServices];
  }
}

/** The first of each kind, and how many there are beside. */
export function fewOf(findings: readonly Finding[]): readonly string[] {
  const counts = new Map<string, number>();
  const few = findings.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= MAX_FINDINGS;
  });
  const others = findings.length - few.length;
  const messages = few.map(({ message }) => message);
  return others === 0 ? messages : [...messages, `and ${others} more like these`];
}
