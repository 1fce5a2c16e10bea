import { groupName } from '@lanekeeper/mesh-file/objects/translate';
import type { LaneGroupObject, LaneObject, MeshObject } from '@lanekeeper/mesh-file/objects/object-types';

interface Departed {
  readonly object: LaneGroupObject | LaneObject;
  readonly until: number;
}

/**
 * Groups and lanes that are deleted, for as long as their routing stays: requests that carry a lane's tag, and the calls that they
 * make, still go to its pods, or where the lane said that they go without them; and pods that only a selector keeps out of the
 * baseline do not join it at the same moment.
 */
export class DepartedObjects {
  readonly #objects = new Map<string, Departed>();

  /** Other kinds leave nothing behind. */
  add(id: string, object: MeshObject | undefined, until: number): void {
    if (object?.kind === 'Lane') this.#objects.set(id, { object, until });
    // Whoever declares a group for its services now has them.
    if (object?.kind === 'LaneGroup') {
      const meta = { ...object.meta, createdAt: Number.MAX_SAFE_INTEGER };
      this.#objects.set(id, { object: { ...object, meta }, until });
    }
  }

  /** It is there again. False: it was not among them. */
  remove(id: string): boolean {
    return this.#objects.delete(id);
  }

  /** Forgets those whose time is over. */
  pass(now: number): void {
    for (const [id, { until }] of this.#objects) if (until <= now) this.#objects.delete(id);
  }

  /** When the time of the next one is over. */
  *ends(): Iterable<number> {
    for (const { until } of this.#objects.values()) yield until;
  }

  /** As they are put together with what stands. */
  objects(): readonly MeshObject[] {
    return [...this.#objects.values()].map(({ object }) => object);
  }

  /** Whether the lane colours nobody any more, being deleted itself or with its group. */
  isLeaving(lane: LaneObject): boolean {
    const group = groupName(lane.meta.namespace, lane.spec.group);
    return this.objects().some(
      (object) => object === lane || (object.kind === 'LaneGroup' && nameOf(object) === group),
    );
  }
}

function nameOf({ meta }: LaneGroupObject): string {
  return groupName(meta.namespace, meta.name);
}
