import { isDeepStrictEqual } from 'node:util';
import { LANEKEEPER_API } from '@lanekeeper/mesh-file/objects/object-types';
import { LABELS } from '@lanekeeper/protocol/labels';
import type { MatchRule, StickyKey } from '@lanekeeper/protocol/model';
import type { CanarySettings } from '@lanekeeper/mesh-file/ingress-annotations/read-canary';
import { canaryConditions, hasNever, percentBehind, shareOf } from './canary-rules.ts';
import { placesOf, type CanaryPlace } from './canary-places.ts';
import type { Manifest, Tell } from './conversion.ts';
import { describeIngress, type Ingress } from './ingress.ts';
import { laneName } from './lane-name.ts';
import type { FindService } from './services.ts';

export interface CanaryContext {
  readonly find: FindService;
  readonly tell: Tell;
  /** What percentages hash; undefined: the main Ingress' affinity cookie, else a cookie that the gateway sets. */
  readonly key: StickyKey | undefined;
}

interface DraftLane {
  readonly name: string;
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly match: MatchRule[];
}

type Canary = Ingress & { readonly settings: { readonly canary: CanarySettings } };

/** The LaneGroup of a namespace with what its canaries are of, and a Lane for each of them; nothing where there are none. */
export function canaryLanes(
  namespace: string,
  ingresses: readonly Ingress[],
  context: CanaryContext,
): readonly Manifest[] {
  const mains = ingresses.filter(({ settings }) => settings.canary === undefined);
  const canaries = ingresses.filter(isCanary).toSorted(byOrder);
  const drafts = new Drafts(namespace, context);
  for (const canary of canaries) {
    for (const place of placesOf(canary, mains, context.tell)) drafts.add(canary, place);
  }
  return drafts.manifests();
}

function isCanary(ingress: Ingress): ingress is Canary {
  return ingress.settings.canary !== undefined;
}

function byOrder(a: Canary, b: Canary): number {
  return a.settings.canary.order - b.settings.canary.order || (a.name < b.name ? -1 : 1);
}

class Drafts {
  readonly #namespace: string;
  readonly #context: CanaryContext;
  readonly #lanes = new Map<string, DraftLane>();
  readonly #members = new Set<string>();
  /** Place -> share that canaries before have. */
  readonly #taken = new Map<string, number>();

  constructor(namespace: string, context: CanaryContext) {
    this.#namespace = namespace;
    this.#context = context;
  }

  add(canary: Canary, place: CanaryPlace): void {
    const { canary: settings } = canary.settings;
    const share = shareOf(settings);
    const before = this.#taken.get(place.id) ?? 0;
    this.#taken.set(place.id, before + share);
    const affinity = place.main.settings.affinity?.cookie;
    const key = this.#context.key ?? (affinity === undefined ? undefined : { cookie: affinity });
    const conditions = canaryConditions(settings, percentBehind(share, before), key);
    if (conditions.length === 0)
      return this.#tell(canary, 'it says no condition, so it never takes a request; there is no lane of it');
    if (hasNever(settings)) {
      this.#tell(
        canary,
        'never keeps nobody out: the rules of a lane only let in, so such requests may come by cookie or percent',
      );
    }
    const lane = this.#laneOf(canary, place);
    for (const condition of conditions) {
      const rule = { ...place.rule, ...condition };
      if (!lane.match.some((known) => isDeepStrictEqual(known, rule))) lane.match.push(rule);
    }
    this.#members.add(place.service);
  }

  #laneOf(canary: Canary, { main, service, canaryService }: CanaryPlace): DraftLane {
    const known = this.#context.find(this.#namespace, canaryService);
    const subset = canary.settings.backend.subset;
    const names = {
      ingress: canary.name,
      mainIngress: main.name,
      service: canaryService,
      mainService: service,
    };
    const name = laneName({ ...names, subset, known });
    const standing = this.#lanes.get(name);
    const selector = this.#selectorOf(canary, { name, service, canaryService });
    if (standing === undefined) {
      const lane = { name, selector, match: [] };
      this.#lanes.set(name, lane);
      return lane;
    }
    if (!isDeepStrictEqual(standing.selector, selector)) {
      const message = `its pods have other labels than those of the lane ${name} so far; label them alike`;
      this.#tell(canary, message);
    }
    return standing;
  }

  /** What the canary's Service asks of pods beyond what the main one does. */
  #selectorOf(
    canary: Canary,
    {
      name,
      service,
      canaryService,
    }: { readonly name: string; readonly service: string; readonly canaryService: string },
  ): DraftLane['selector'] {
    const [theirs, main] = [canaryService, service].map((each) => this.#context.find(this.#namespace, each));
    if (canaryService === service) return undefined;
    if (theirs === undefined || main === undefined) {
      const message = `the pods behind Service ${canaryService} must have the label ${LABELS.lane}: ${name}, and Service ${service} must select them too`;
      this.#tell(canary, message);
      return undefined;
    }
    const other = Object.entries(main.selector).filter(([label, value]) => theirs.selector[label] !== value);
    if (other.length > 0) {
      const labels = other.map(([label]) => label).join(', ');
      const message = `Service ${service} selects by ${labels} and leaves the pods of ${canaryService} out: take that from its selector, or no request reaches them`;
      this.#tell(canary, message);
    }
    const own = Object.entries(theirs.selector).filter(([label, value]) => main.selector[label] !== value);
    if (own.length === 0) {
      this.#tell(
        canary,
        `Service ${canaryService} selects no other pods than ${service}; label those of the lane ${LABELS.lane}: ${name}`,
      );
      return undefined;
    }
    const isDefault = own.every(([label, value]) => label === LABELS.lane && value === name);
    return isDefault ? undefined : Object.fromEntries(own);
  }

  #tell(canary: Canary, message: string): void {
    this.#context.tell({ object: describeIngress(canary), message });
  }

  manifests(): readonly Manifest[] {
    if (this.#lanes.size === 0) return [];
    const namespace = this.#namespace;
    const services = [...this.#members].sort().map((name) => ({ name }));
    const object = (kind: string, name: string, spec: Manifest): Manifest => ({
      ...{ apiVersion: LANEKEEPER_API, kind, metadata: { name, namespace }, spec },
    });
    const lanes = [...this.#lanes.values()].map(({ name, selector, match }, index, all) =>
      object('Lane', name, {
        group: namespace,
        ...(selector === undefined ? {} : { selector }),
        match,
        // Who is asked first of several, as the canaries were.
        ...(all.length === 1 ? {} : { priority: (all.length - index) * 10 }),
      }),
    );
    return [object('LaneGroup', namespace, { services }), ...lanes];
  }
}
