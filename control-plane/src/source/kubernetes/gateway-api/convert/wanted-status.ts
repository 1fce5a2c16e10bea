import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { ApiObject } from '../objects.ts';

/** What the status of an object should say. */
export interface WantedStatus {
  readonly resource: Resource;
  readonly object: ApiObject;
  readonly status: Readonly<Record<string, unknown>>;
}
