import { DEFAULT_BAGGAGE_KEY } from '@lanekeeper/protocol/headers';
import type { Balancing, EvidenceConfig, LaneMode, MeshSettings } from '@lanekeeper/protocol/model';
import { fieldOr, fieldsOf, listOf, type Cursor } from './decoder.ts';
import { booleanOf, choiceOf, textOf } from './scalar-decoders.ts';
import { HEADER_NAME, TOKEN_TEXT } from './text-rules.ts';

const POLICIES = ['least-request', 'round-robin'] as const;
const MODES = ['permissive', 'strict'] as const;

export const DEFAULT_EVIDENCE: EvidenceConfig = { trace: true, inFlight: true, bridge: [] };

const DEFAULT_BALANCING: Balancing = { policy: 'least-request', zoneAware: false };

/** What holds for a file without `settings`. */
export const DEFAULT_MESH_SETTINGS: MeshSettings = {
  baggageKey: DEFAULT_BAGGAGE_KEY,
  explainHeader: false,
  traceHeaders: [],
  regionHeader: 'x-region',
  mode: 'permissive',
  evidence: DEFAULT_EVIDENCE,
  balancing: DEFAULT_BALANCING,
};

export function decodeSettings(cursor: Cursor): MeshSettings {
  const keys = [
    ...['baggageKey', 'explainHeader', 'traceHeaders', 'regionHeader'],
    ...['mode', 'evidence', 'balancing'],
  ];
  const fields = fieldsOf(cursor, { keys });
  if (fields === undefined) return DEFAULT_MESH_SETTINGS;
  const evidence = (at: Cursor): EvidenceConfig => decodeEvidence(at, DEFAULT_EVIDENCE);
  return {
    baggageKey: fieldOr(fields, 'baggageKey', (at) => textOf(at, TOKEN_TEXT), DEFAULT_BAGGAGE_KEY),
    explainHeader: fieldOr(fields, 'explainHeader', booleanOf, false),
    traceHeaders: fieldOr(fields, 'traceHeaders', headerNames, []),
    regionHeader: fieldOr(fields, 'regionHeader', headerName, DEFAULT_MESH_SETTINGS.regionHeader),
    mode: fieldOr(fields, 'mode', decodeMode, DEFAULT_MESH_SETTINGS.mode),
    evidence: fieldOr(fields, 'evidence', evidence, DEFAULT_EVIDENCE),
    balancing: fieldOr(fields, 'balancing', decodeBalancing, DEFAULT_BALANCING),
  };
}

export function decodeMode(cursor: Cursor): LaneMode | undefined {
  return choiceOf(cursor, MODES);
}

/** What is left out is as in `inherited`. */
export function decodeEvidence(cursor: Cursor, inherited: EvidenceConfig): EvidenceConfig {
  const fields = fieldsOf(cursor, { keys: ['trace', 'inFlight', 'bridge'] });
  if (fields === undefined) return inherited;
  return {
    trace: fieldOr(fields, 'trace', booleanOf, inherited.trace),
    inFlight: fieldOr(fields, 'inFlight', booleanOf, inherited.inFlight),
    bridge: fieldOr(fields, 'bridge', headerNames, inherited.bridge),
  };
}

function decodeBalancing(cursor: Cursor): Balancing {
  const fields = fieldsOf(cursor, { keys: ['policy', 'zoneAware'] });
  if (fields === undefined) return DEFAULT_BALANCING;
  return {
    policy: fieldOr(fields, 'policy', (at) => choiceOf(at, POLICIES), DEFAULT_BALANCING.policy),
    zoneAware: fieldOr(fields, 'zoneAware', booleanOf, DEFAULT_BALANCING.zoneAware),
  };
}

function headerNames(cursor: Cursor): string[] {
  return listOf(cursor, headerName);
}

function headerName(cursor: Cursor): string | undefined {
  return textOf(cursor, HEADER_NAME)?.toLowerCase();
}
