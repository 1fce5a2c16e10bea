import { assembleObjects, type AssembledObjects } from '@lanekeeper/mesh-file/objects/assemble-objects';
import { DEFAULT_MESH_SETTINGS } from '@lanekeeper/mesh-file/decode-settings';
import type { LaneObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { KubeDocument } from '../read/read-document.ts';
import { declare, type DeclaredObject } from './declared-object.ts';
import { DepartedObjects } from './departed-objects.ts';
import { hasExpired, untilNextExpiry } from './expiry.ts';

/** How long the routing of what was deleted stays: longer than the calls that one request makes. */
const DEPARTURE_MS = 60_000;

export interface DeclarationsOptions {
  /** Wall clock, in milliseconds since 1970: the API server says when an object was made. */
  readonly now: () => number;
  /** Whether a service may be a member of a group of another namespace, as it is known now. */
  readonly isExported: (service: ServiceRef, namespace: string) => boolean;
  /** Default one minute. */
  readonly departureMs?: number;
}

interface Export {
  readonly service: ServiceRef;
  readonly namespace: string;
  readonly isExported: boolean;
}

/** All that people have declared about lanes. */
export class Declarations {
  readonly #options: DeclarationsOptions;
  readonly #objects = new Map<string, DeclaredObject>();
  readonly #departed = new DepartedObjects();
  /** What was asked of services for what is assembled. */
  readonly #exports = new Map<string, Export>();
  #assembled: AssembledObjects | undefined;

  constructor(options: DeclarationsOptions) {
    this.#options = options;
  }

  values(): Iterable<DeclaredObject> {
    return this.#objects.values();
  }

  get(resource: Resource, key: string): DeclaredObject | undefined {
    return this.#objects.get(keyOf(resource, key));
  }

  /** `document` as it stands there now; undefined: it is gone. False: nothing of what is in force is another one. */
  update(resource: Resource, key: string, document: KubeDocument | undefined): boolean {
    const id = keyOf(resource, key);
    const before = this.#objects.get(id);
    const isBack = document !== undefined && this.#departed.remove(id);
    if (document === undefined) this.#remove(id, before);
    else this.#objects.set(id, declare(resource, document, before));
    if (!isBack && this.#objects.get(id)?.inForce === before?.inForce) return false;
    this.#assembled = undefined;
    return true;
  }

  /** What all of it means together, at this moment. */
  assemble(): AssembledObjects {
    return (this.#assembled ??= this.#assembleAnew());
  }

  /** Services may be exported to others than before. False: none is that matters here. */
  lookAtExports(): boolean {
    const isSame = [...this.#exports.values()].every(
      ({ service, namespace, isExported }) => this.#options.isExported(service, namespace) === isExported,
    );
    if (!isSame) this.#assembled = undefined;
    return !isSame;
  }

  /** Something changes by itself: a lane expires, or one that is deleted has been away for long enough. */
  passTime(): void {
    const now = this.#options.now();
    this.#departed.pass(now);
    this.#assembled = undefined;
  }

  /** How long until {@link passTime} is to be called; undefined: no need. */
  untilChange(): number | undefined {
    const now = this.#options.now();
    const waits = [...this.#departed.ends()].map((end) => end - now);
    const expiry = untilNextExpiry(this.#lanes(), now);
    if (expiry !== undefined) waits.push(expiry);
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** Whether the lane is on its way out: its rules are out of force, its routing is not. */
  hasExpired(lane: LaneObject): boolean {
    return hasExpired(lane, this.#options.now());
  }

  #assembleAnew(): AssembledObjects {
    const standing = [...this.#objects.values()].flatMap(({ inForce }) => inForce?.object ?? []);
    this.#exports.clear();
    return assembleObjects([...standing, ...this.#departed.objects()], {
      settings: DEFAULT_MESH_SETTINGS,
      isExported: (service, namespace) => this.#askExport(service, namespace),
      hasExpired: (lane) =>
        lane.meta.isBeingDeleted === true || this.#departed.isLeaving(lane) || this.hasExpired(lane),
    });
  }

  #askExport(service: ServiceRef, namespace: string): boolean {
    const isExported = this.#options.isExported(service, namespace);
    this.#exports.set(`${serviceId(service)} ${namespace}`, { service, namespace, isExported });
    return isExported;
  }

  #remove(id: string, before: DeclaredObject | undefined): void {
    this.#objects.delete(id);
    const { departureMs = DEPARTURE_MS, now } = this.#options;
    this.#departed.add(id, before?.inForce?.object, now() + departureMs);
  }

  *#lanes(): Iterable<LaneObject> {
    for (const { inForce } of this.#objects.values()) {
      if (inForce?.object.kind === 'Lane') yield inForce.object;
    }
  }
}

function keyOf({ plural }: Resource, key: string): string {
  return `${plural} ${key}`;
}
