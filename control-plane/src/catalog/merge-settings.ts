import { DEFAULT_MESH_SETTINGS } from '@lanekeeper/mesh-file/decode-settings';
import type { MeshSettings } from '@lanekeeper/protocol/model';
import type { OwnedPart } from './source-part.ts';

/**
 * Field by field: the word of the first that says something else than what holds anyway. So a part that leaves a field out, and one
 * that writes its default down, leave it to the others.
 */
export function mergeSettings(parts: readonly OwnedPart[], findings: string[]): MeshSettings {
  const first = <T>(name: string, read: (settings: MeshSettings) => T): T => {
    const normal = read(DEFAULT_MESH_SETTINGS);
    const said = parts
      .map(({ part, owner }) => ({ owner, value: read(part.settings) }))
      .filter(({ value }) => !isSame(value, normal));
    const [counts] = said;
    if (counts === undefined) return normal;
    for (const { owner, value } of said) {
      if (isSame(value, counts.value)) continue;
      findings.push(`settings.${name}: what ${owner} says does not count, ${counts.owner} declares it`);
    }
    return counts.value;
  };
  return {
    baggageKey: first('baggageKey', (settings) => settings.baggageKey),
    explainHeader: first('explainHeader', (settings) => settings.explainHeader),
    traceHeaders: first('traceHeaders', (settings) => settings.traceHeaders),
    regionHeader: first('regionHeader', (settings) => settings.regionHeader),
    mode: first('mode', (settings) => settings.mode),
    evidence: {
      trace: first('evidence.trace', ({ evidence }) => evidence.trace),
      inFlight: first('evidence.inFlight', ({ evidence }) => evidence.inFlight),
      bridge: first('evidence.bridge', ({ evidence }) => evidence.bridge),
    },
    balancing: {
      policy: first('balancing.policy', ({ balancing }) => balancing.policy),
      zoneAware: first('balancing.zoneAware', ({ balancing }) => balancing.zoneAware),
    },
  };
}

/** Kept tags of strangers are asked for by whoever wants them; nobody else says otherwise by saying nothing. */
export function mergeGatewayTrust(parts: readonly OwnedPart[]): boolean {
  return parts.some(({ part }) => part.gateway.trustIncomingTag);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
