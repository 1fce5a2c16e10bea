import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { ColourRule, MeshConfig } from '@lanekeeper/protocol/model';
import { didYouMean } from '@lanekeeper/runtime/nearest-name';
import { Claims } from './claims.ts';
import { complain, down } from './decoder.ts';
import type { Origins } from './origins.ts';

/** Names tell the rules of a lane's colouring apart in hops, so each stands for one rule. */
export function checkColourNames(colouring: readonly ColourRule[], origins: Origins): void {
  const claims = new Claims(origins);
  for (const rule of colouring) {
    if (rule.name !== '') claims.claim(rule.name, rule, `colouring rule ${rule.name}`, 'name');
  }
}

/** Where all of the mesh is seen: a lane that nobody declares and no endpoint carries is a slip of the pen. */
export function checkColourLanes(config: MeshConfig, origins: Origins): void {
  const carried = config.services.flatMap((service) => service.endpoints.map(({ lane }) => lane ?? BASELINE));
  const lanes = new Set([BASELINE, ...config.lanes.map(({ name }) => name), ...carried]);
  for (const rule of config.colouring) {
    const at = origins.get(rule);
    if (at === undefined || rule.lane === '' || lanes.has(rule.lane)) continue;
    complain(
      down(at, 'lane'),
      `no lane ${rule.lane} is declared and no endpoint carries it${didYouMean(rule.lane, lanes)}`,
    );
  }
}
